# SPDX-License-Identifier: Apache-2.0
"""The chips that the virtual board plays, and the two tables of docs/chips.md: what was proved about each, made of what
the tests found, and the facts of the engine's chip table."""

import os
import re

from program import program_path, run
from table import table

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "chips.md")
CHIP_TABLE = os.path.join(ROOT, "protocol", "loader", "chip.c")
RENEW = "./dev chips"
OPERATIONS = ("detect", "read", "write, deflated", "write, plain", "verify", "erase region", "erase flash")
HEAD = ("chip", "loader", *OPERATIONS)
FACTS_HEAD = ("chip", "id", "magic", "bootloader at", "crystal MHz", "stub")
# Revisions at which a chip changes its stub, besides the one that the board has by itself.
OTHER_REVISIONS = {"esp32p4": ("300",)}


def names():
    """In the order in which farflash-board --help lists them."""
    done = run([program_path("farflash-board"), "--help"])
    found = re.search(r"--chip=NAME\s+The chip: ([a-z0-9,\s]+? or [a-z0-9]+)", done.stdout)
    assert found, done
    return re.findall(r"esp[a-z0-9]+", found.group(1))


def rows():
    """(chip, revision or None, loader) of each row: its stubs, then its ROM."""
    for chip in names():
        for revision in (None, *OTHER_REVISIONS.get(chip, ())):
            yield chip, revision, "stub"
        yield chip, None, "ROM"


def row_name(chip, revision, loader):
    return (chip, f"{loader}, revision {revision[:-2]}.{int(revision[-2:])}" if revision else loader)


def _field(text, name):
    found = re.search(rf"\.{name} = \"?([^,\"]+)\"?,", text)
    return found.group(1) if found else None


def facts():
    """The rows of the second table, from the engine's source."""
    with open(CHIP_TABLE, encoding="utf-8") as source:
        text = source.read()
    text = text[text.index("chips[] = {"):text.index("CHIP_COUNT")]
    for chip in re.findall(r"\n\t\{\n(.*?)\n\t\},", text, re.S):
        number, magic, stub = _field(chip, "id"), _field(chip, "magic"), _field(chip, "stub")
        early = _field(chip, "early_stub")
        yield (_field(chip, "name"), number if number.isdigit() else "none", hex(int(magic, 16)) if magic else "",
               _field(chip, "bootloader_at") or "0x0", _field(chip, "crystal_mhz") or "measured",
               " or ".join(f"`{name}`" for name in (early, stub) if name) or "none")


def markdown(head, body):
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def between(name):
    return re.compile(rf"(<!-- {name}: .*? -->\n)(.*?)(<!-- end of {name} -->)", re.S)


def page_table(name):
    """The rows of a table of docs/chips.md without its head."""
    with open(PAGE, encoding="utf-8") as page:
        found = between(name).search(page.read())
    assert found, f"{PAGE} has no table {name}"
    lines = [line for line in found.group(2).splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def write_page(operations):
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    for name, content in (("operations", markdown(HEAD, operations)), ("facts", markdown(FACTS_HEAD, facts()))):
        text, count = between(name).subn(lambda found: f"{found.group(1)}{content}\n{found.group(3)}", text)
        assert count == 1, f"{PAGE} has no table {name}"
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(text)


class Outcomes:
    """What the tests of a run have found, row by row. They tell it as properties of their reports, because these reach
    the process that prints the summary wherever a test runs."""
    PROPERTY = "chips"

    def __init__(self, reports):
        self.cells = {}
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == self.PROPERTY:
                    self.cells.setdefault(tuple(value[:2]), {})[value[2]] = value[3]

    @classmethod
    def note(cls, node, row, operation="", cell=""):
        """Without an operation it says that the row was begun."""
        node.user_properties.append((cls.PROPERTY, [*row_name(*row), operation, cell]))

    def rows(self):
        """In the page's order; what was not reached is FAILED."""
        order = [row_name(*row) for row in rows()] if self.cells else []
        return [(*row, *(self.cells[row].get(operation, "FAILED") for operation in OPERATIONS))
                for row in order if row in self.cells]

    def complete(self):
        return len(self.rows()) == len(list(rows())) and not any("FAILED" in row for row in self.rows())

    def text(self):
        return table("chips and operations, each judged by the flash file", HEAD, self.rows())
