"""Reads files a second time, with other tools: one JSON value a line for each file named on standard input.

`invoice` tells what an invoice says, from the specification (1.2.3 of the ordinary format, 1.0.2 of the simplified one): of its first body, and
how many bodies there are. `xml` tells whether a file is well-formed XML without a DOCTYPE.
"""

import base64
import json
import re
import sys
from datetime import date
from decimal import Decimal

from asn1crypto import cms, pem
from lxml import etree

ORDINARY = "{http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2}FatturaElettronica"
SIMPLIFIED = "{http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.0}FatturaElettronicaSemplificata"


def unsigned(data):
    """The document inside a CAdES file, however many layers; a plain file as it is."""
    while not data.lstrip().startswith(b"<") and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<")):
        if pem.detect(data):
            _, _, data = pem.unarmor(data)
        elif data[:1] != b"\x30":
            data = base64.b64decode(data)
        data = cms.ContentInfo.load(data)["content"]["encap_content_info"]["content"].native
    return data


def text(element, path):
    """The value at a path as the schema's normalizedString has it: blanks for tabs and line ends, none around it."""
    found = element.find(path)
    return None if found is None else (found.text or "").translate({9: 32, 10: 32, 13: 32}).strip()


def mandatory(element, path):
    """The same where it must be there, and blanks alone are nothing."""
    value = text(element, path)
    if not value:
        raise ValueError(f"no {path}")
    return value


def day(text):
    """A day (xs:date) of a year that people write: a time zone may follow it, and says nothing about an invoice."""
    return str(date.fromisoformat(re.sub(r"(Z|[+-]\d\d:\d\d)$", "", text)))


def name(party):
    """Denominazione (1.2.1.3.1), or Nome and Cognome (1.2.1.3.2, 1.2.1.3.3)."""
    if party is None:
        return ""
    if party.find("Denominazione") is not None:
        return mandatory(party, "Denominazione")
    return mandatory(party, "Nome") + " " + mandatory(party, "Cognome")


def vat(party, path):
    """Country and number of IdFiscaleIVA, written together."""
    if party.find(path) is None:
        return None
    return mandatory(party, path + "/IdPaese") + mandatory(party, path + "/IdCodice")


def total(body):
    """ImportoTotaleDocumento (2.1.1.9), or what the summaries (2.2.2) or the lines of a simplified invoice (2.2.2) add up to."""
    stated = text(body, "DatiGenerali/DatiGeneraliDocumento/ImportoTotaleDocumento")
    if stated is not None:
        return str(Decimal(stated))
    parts = body.xpath("DatiBeniServizi/DatiRiepilogo/ImponibileImporto | DatiBeniServizi/DatiRiepilogo/Imposta | DatiBeniServizi/Importo")
    return str(sum((Decimal(part.text) for part in parts), Decimal("0.00"))) if parts else None


def parsed(data):
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True))


def is_xml(data):
    # It is one for all files.
    etree.clear_error_log()
    try:
        return not parsed(data).getroottree().docinfo.doctype
    except etree.XMLSyntaxError as error:
        # Of namespaces XML demands nothing but that they are not empty.
        return all(each.type_name == "WAR_NS_URI" for each in error.error_log if each.level >= etree.ErrorLevels.ERROR)


def invoice(data):
    try:
        return read(data)
    except (etree.XMLSyntaxError, ValueError) as error:
        return {"unreadable": f"{type(error).__name__}: {error}"}


def read(data):
    root = parsed(unsigned(data))
    if root.tag not in (ORDINARY, SIMPLIFIED):
        raise ValueError(f"no invoice: {root.tag}")
    header = root.find("FatturaElettronicaHeader")
    bodies = root.findall("FatturaElettronicaBody")
    seller, buyer = header.find("CedentePrestatore"), header.find("CessionarioCommittente")
    if root.tag == ORDINARY:
        parties = {
            "seller": [
                name(seller.find("DatiAnagrafici/Anagrafica")),
                vat(seller, "DatiAnagrafici/IdFiscaleIVA"),
                text(seller, "DatiAnagrafici/CodiceFiscale"),
            ],
            "buyer": [
                name(buyer.find("DatiAnagrafici/Anagrafica")),
                vat(buyer, "DatiAnagrafici/IdFiscaleIVA"),
                text(buyer, "DatiAnagrafici/CodiceFiscale"),
            ],
        }
    else:
        parties = {
            "seller": [name(seller), vat(seller, "IdFiscaleIVA"), text(seller, "CodiceFiscale")],
            "buyer": [
                name(buyer.find("AltriDatiIdentificativi")),
                vat(buyer, "IdentificativiFiscali/IdFiscaleIVA"),
                text(buyer, "IdentificativiFiscali/CodiceFiscale"),
            ],
        }
    general = "DatiGenerali/DatiGeneraliDocumento/"
    return parties | {
        "format": root.get("versione"),
        "documents": len(bodies),
        "type": mandatory(bodies[0], general + "TipoDocumento"),
        "number": mandatory(bodies[0], general + "Numero"),
        "date": day(mandatory(bodies[0], general + "Data")),
        "currency": mandatory(bodies[0], general + "Divisa"),
        "total": total(bodies[0]),
    }


def main():
    tell = {"invoice": invoice, "xml": is_xml}[sys.argv[1]]
    for line in sys.stdin:
        with open(line.rstrip("\n"), "rb") as file:
            print(json.dumps(tell(file.read())))


main()
