"""Writes the generated parts of README.md: `python -m tests.readme`, or with `--check` only looks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cds_service.knowledge import load_knowledge, roots
from cds_service.settings import settings_table

README = Path(__file__).parent.parent / "README.md"


def rules() -> str:
    knowledge = load_knowledge(roots())
    rows = ["| rule | hooks | default | what it finds |", "|---|---|---|---|"]
    for rule in knowledge.rules.values():
        title = (sys.modules[rule.judge.__module__].__doc__ or "").strip()
        hooks = ", ".join(sorted(rule.hooks))
        rows.append(f"| `{rule.id}` | {hooks} | {knowledge.texts[rule.id].indicator} | {title} |")
    return "\n".join(rows)


def settings() -> str:
    rows = ["| name | default | type | what it sets |", "|---|---|---|---|"]
    rows += [f"| `{name}` | `{default}` | {kind} | {text} |" for name, default, kind, text in settings_table()]
    return "\n".join(rows).replace("| `` |", "| (empty) |")


def fresh(text: str) -> str:
    for name, part in (("rules", rules()), ("settings", settings())):
        block = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        text = block.sub(lambda _, name=name, part=part: f"<!-- {name} -->\n{part}\n<!-- /{name} -->", text)
    return text


def main() -> int:
    text = README.read_text("utf-8")
    written = fresh(text)
    if "--check" in sys.argv:
        if written != text:
            sys.stderr.write("README.md is stale: run `make readme`\n")
        return int(written != text)
    README.write_text(written, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
