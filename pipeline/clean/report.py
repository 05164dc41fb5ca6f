"""What cleaning did to the rows, as numbers and as a table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from recsys.cleaning.rows import RULES, Counts


@dataclass(frozen=True)
class CleaningReport:
    """How many rows were read and kept, and what each rule did.

    Attributes:
        n_rows_read: Rows in the raw file.
        n_rows_kept: Rows in `clean_df.pq`.
        n_users: Distinct user keys in the kept rows, including anonymous ones.
        n_items: Distinct item keys in the kept rows.
        counts: Rows affected by each rule of `recsys.cleaning.rows.RULES`.
    """

    n_rows_read: int
    n_rows_kept: int
    n_users: int
    n_items: int
    counts: Counts

    def table(self) -> Table:
        """Make the table for the terminal, each rule with its share of the rows read."""
        table = Table(title="Cleaning", title_justify="left", box=None, pad_edge=False)
        table.add_column("")
        table.add_column("rows", justify="right")
        table.add_column("of all", justify="right")
        self._add(table, "rows read", self.n_rows_read)
        for name, meaning in RULES.items():
            self._add(table, meaning, self.counts[name])
        self._add(table, "rows kept", self.n_rows_kept, style="bold")
        plurals = ["" if n == 1 else "s" for n in (self.n_users, self.n_items)]
        table.caption = f"{self.n_users:,} user{plurals[0]}, {self.n_items:,} item{plurals[1]}"
        table.caption_justify = "left"
        return table

    def _add(self, table: Table, meaning: str, n_rows: int, style: str = "") -> None:
        share = n_rows / max(self.n_rows_read, 1)
        table.add_row(
            meaning, f"{n_rows:,}", f"{share:.1%}", style=style or ("" if n_rows else "dim")
        )
