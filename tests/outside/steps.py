"""How checks are registered, and what they assert with."""

import os

from contract import Refused

STEPS = []


def step(function):
    """Registers a check; its name is the sentence that is printed."""
    STEPS.append((function, lambda _database: True))
    return function


def step_on(kind):
    """Registers a check for one kind of database."""

    def register(function):
        STEPS.append((function, lambda database: isinstance(database, kind)))
        return function

    return register


def step_with(variable):
    """Registers a check that needs the tool which a variable names."""

    def register(function):
        STEPS.append((function, lambda _database: bool(os.environ.get(variable))))
        return function

    return register


def steps_for(database):
    """The sentence and the function of each check that is made on this database, in the order of the story."""
    for function, applies in STEPS:
        if applies(database):
            yield function.__name__.replace("_", " "), function


def refused(call, *arguments, **request):
    """The refusal that a call must be answered with."""
    try:
        answer = call(*arguments, **request)
    except Refused as refusal:
        return refusal
    raise AssertionError(f"it was accepted: {answer}")


def equal(found, expected):
    """Fails with both sides."""
    assert found == expected, f"{found!r} instead of {expected!r}"


def contains(text, *parts):
    """Fails with the first part that is missing, and the text."""
    for part in parts:
        assert part in text, f"{part!r} is not in: {text}"
