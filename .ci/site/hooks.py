"""Makes one site of the README, which is its first page, of docs, and of the files of the repository that they link to.

Such a file is copied below source/, so that the site is complete by itself; a folder becomes a list of its files.
"""

import html
import os
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Endings that a browser shows rather than saves.
SHOWN = {".html", ".svg", ".png", ".json", ".txt", ".md"}


def source(path):
    """The address in the site of a file or folder of the repository that is no page."""
    # MkDocs leaves out what begins with a dot.
    name = "/".join(part.removeprefix(".") for part in path.split("/"))
    if (ROOT / path).is_dir():
        return f"source/{name}/index.html"
    return f"source/{name}" if Path(path).suffix in SHOWN else f"source/{name}.txt"


def target(page, link):
    """The address of a link, from the root of the repository and from that of the site; None for what is elsewhere."""
    path, _, anchor = link.partition("#")
    if "://" in link or not path:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if not (ROOT / path).exists():
        raise PluginError(f"{page}: {link} leads nowhere; correct the link")
    if path == "README.md":
        site = "index.md"
    elif path.startswith("docs/") and path.count("/") == 1 and path.endswith((".md", ".svg")):
        site = path.removeprefix("docs/")
    else:
        site = source(path)
    return path, site + (f"#{anchor}" if anchor else "")


def links(text):
    return LINK.findall(FENCE.sub("", text))


def pages():
    return ["README.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md")))]


def listing(path):
    """A page with the files of a folder, for the site."""
    names = sorted(p.name + ("/" if p.is_dir() else "") for p in (ROOT / path).iterdir())
    return (
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(path)}</title><h1>{html.escape(path)}</h1><ul>"
        + "".join(f"<li>{html.escape(n)}</li>" for n in names)
        + "</ul>"
    )


def on_files(files, config):
    files.append(File.generated(config, "index.md", content=(ROOT / "README.md").read_text("utf-8")))
    files.append(File.generated(config, "site.css", content=(Path(__file__).parent / "site.css").read_text("utf-8")))
    seen = set()
    for page in pages():
        for link in links((ROOT / page).read_text("utf-8")):
            to = target(page, link)
            if to is None or not to[1].startswith("source/") or to[0] in seen:
                continue
            seen.add(to[0])
            where = ROOT / to[0]
            content = listing(to[0]) if where.is_dir() else where.read_bytes()
            files.append(File.generated(config, to[1].partition("#")[0], content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    name = "docs/" + page.file.src_uri
    if page.file.src_uri == "index.md":
        name = "README.md"
        page.meta["hide"] = ["navigation"]  # there is none, and lines of code are long
        markdown += os.environ.get("PLANTED", "")  # a link that leads nowhere, to see that it fails the build
    out, at = [], 0

    def replaced(match):
        to = target(name, match[1])
        return match[0] if to is None else f"]({to[1]})"

    for fence in FENCE.finditer(markdown):
        out += [LINK.sub(replaced, markdown[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join(out) + LINK.sub(replaced, markdown[at:])


class Page(HTMLParser):
    """The links of a page, and what they can name in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def on_post_build(config):
    """Fail where a link of the site, as it was built, leads to no file or to no place in it."""
    site = Path(config.site_dir)
    built = {path: Page(path) for path in site.rglob("*.html")}
    dead = []
    for path, page in built.items():
        if path.name == "404.html":  # its links depend on where the site is served
            continue
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            address, anchor = urldefrag(link)
            to = Path(posixpath.normpath(path.parent / unquote(urlsplit(address).path))) if address else path
            to = to / "index.html" if to.is_dir() else to
            if not to.exists() or anchor and to in built and unquote(anchor) not in built[to].ids:
                dead.append(f"{path.relative_to(site)}: {link} leads nowhere in the site; see exclude_docs in mkdocs.yml")
    if dead:
        raise PluginError("\n".join(sorted(set(dead))))
