# SPDX-License-Identifier: Apache-2.0
"""Text tables, and a line that says what is being measured."""

import sys


def table(title, head, rows, notes=()):
    """A table in plain text: the first column to the left, the others to the right."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row):
        return "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                         for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
    lines = [title, "", line(head), line(["-" * width for width in widths]), *map(line, cells[1:]), *notes]
    return "\n".join(lines)


class Progress:
    """One line on a terminal's stderr, nothing elsewhere."""

    def __init__(self):
        self.visible = sys.stderr.isatty()

    def __call__(self, text):
        if self.visible:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self):
        self("")
