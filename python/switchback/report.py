"""How two releases differ."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Report:
    """How two releases differ on the same messages. A notebook shows it as the page that ``switchback compare --html`` writes."""

    data: dict[str, Any]
    """All of it, as ``docs/json.md`` describes it under ``compare``."""
    text: str
    """As the command prints it, for a terminal of 80 columns."""
    page: str
    """As one page of HTML, which loads nothing and runs nothing."""

    @property
    def flips(self) -> dict[str, int]:
        """How many messages cross the flag boundary: ``newly_flagged``, ``no_longer_flagged``, and of how many ``messages``."""
        flips: dict[str, int] = self.data["flips"]
        return flips

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that :meth:`to_pandas` makes."""
        return ("actions", "distribution", "domains", "providers", "releases", "worst")

    def to_pandas(self, table: str = "domains") -> Any:
        """One of its tables as a ``pandas.DataFrame``: by sender's domain or provider, the actions of both, the distribution of their scores, what
        each release answered, or the messages on which they differ most."""
        import pandas

        match table:
            case "actions":
                return pandas.DataFrame(self.data["actions"]).T.rename_axis(index="before", columns="after")
            case "distribution" | "domains" | "providers" | "worst":
                return pandas.json_normalize(self.data[table])
            case "releases":
                sides = pandas.json_normalize([self.data["before"], self.data["after"]])
                return sides.set_index(pandas.Index(["before", "after"]))
        raise ValueError(f"there is no table {table!r}; there are {', '.join(self.tables)}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page into a file."""
        Path(path).write_text(self.page, encoding="utf-8")

    def _repr_html_(self) -> str:
        # In a frame of its own: the page's style is its own, and nothing of the notebook is its.
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox title="How two releases differ" '
            'style="width: 100%; height: 40em; border: 1px solid #d1d9e0"></iframe>'
        )

    def __repr__(self) -> str:
        before, after = (self.data[side]["release"] for side in ("before", "after"))
        names = [f"{release['name']}@{release['version']}" for release in (before, after)]
        up, down = self.flips["newly_flagged"], self.flips["no_longer_flagged"]
        return f"<Report {names[0]} -> {names[1]}: +{up} -{down} of {self.flips['messages']}>"

    def __str__(self) -> str:
        return self.text
