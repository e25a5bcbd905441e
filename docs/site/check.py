#!/usr/bin/env python3
"""Looks at the built site: check.py SITE. Nothing is loaded from foreign hosts, and Markdown that was
not understood (a list or a table that stayed text) is told."""
import html.parser
import pathlib
import re
import sys

LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
RELATIONS = {"stylesheet", "preload", "preconnect", "dns-prefetch", "icon", "modulepreload"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.problems = []
        self.code = 0
        self.paragraph = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        loads = [value for name, value in attrs if (tag, name) in LOADED]
        if tag == "link" and RELATIONS & set(given.get("rel", "").split()):
            loads.append(given.get("href", ""))
        self.problems += [f"loads {value}" for value in loads if re.match(r"(https?:)?//", value or "")]
        self.code += tag in ("pre", "code")
        if tag == "p":
            self.paragraph = ""

    def handle_endtag(self, tag):
        self.code -= tag in ("pre", "code")
        if tag == "p" and self.paragraph is not None:
            if re.search(r"^\s*(\||- \S|1\. \S|```|#{1,4} )", self.paragraph, re.M):
                self.problems.append(f"text that should be a list, a table or code: {self.paragraph.strip()[:70]!r}")
            self.paragraph = None

    def handle_data(self, data):
        if self.paragraph is not None:
            self.paragraph += "x" if self.code else data  # "`n` - 1" is no list


def main():
    site = pathlib.Path(sys.argv[1])
    found = sorted(site.rglob("*.html"))
    problems = []
    for path in found:
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        problems += [f"{path.relative_to(site)}: {problem}" for problem in page.problems]
    if len(found) < 20:
        problems.append(f"only {len(found)} pages in {site}")
    for problem in problems:
        print(f"check: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
