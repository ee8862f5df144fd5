"""Judges a file as often as each line on standard input says, and answers with the seconds it took: `contender.py lxml|a38 FILE SCHEMA`."""

import sys
import time


def lxml(data, schema):
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(schema))
    return lambda: schema.validate(etree.fromstring(data))


def a38(data, _):
    from xml.etree import ElementTree

    from a38.fattura import auto_from_etree
    from a38.validation import Validation

    def judge():
        validation = Validation()
        auto_from_etree(ElementTree.fromstring(data)).validate(validation)
        return not validation.errors

    return judge


def main():
    what, path, schema = sys.argv[1:]
    with open(path, "rb") as file:
        judge = {"lxml": lxml, "a38": a38}[what](file.read(), schema)
    assert judge(), f"{what} refuses the file"
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        for _ in range(int(line)):
            judge()
        print(time.perf_counter() - begin, flush=True)


main()
