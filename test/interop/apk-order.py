"""Orders pairs of Alpine versions on stdin, as apk-package(5) says it: number{.number}{letter}{_suffix{number}}{~hash}{-r#}."""
import re
import sys

WHOLE = re.compile(r"^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$")
# Before the bare version come these, in this order; after it the others.
SUFFIXES = ["alpha", "beta", "pre", "rc", None, "cvs", "svn", "git", "hg", "p"]


def key(text):
    found = WHOLE.match(text)
    if found is None:
        sys.exit(f"{text} is no version of an Alpine package")
    numbers, letter, suffixes, _, revision = found.groups()
    first, *others = numbers.split(".")
    parts = [[int(first)]]
    # A number with leading zeros is compared as text; ours have none.
    parts[0] += [int(number) for number in others]
    marks = [(SUFFIXES.index(name), int(number or 0)) for name, number in re.findall(r"_([a-z]+)(\d*)", suffixes)]
    # The end of the suffixes sorts as the bare version does: after a prerelease mark, before any other.
    marks.append((SUFFIXES.index(None), 0))
    return (parts[0], letter, marks, int(revision or 0))


for line in sys.stdin:
    left, right = (key(text) for text in line.split())
    print((left > right) - (left < right))
