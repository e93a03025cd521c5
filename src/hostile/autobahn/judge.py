"""Holds an Autobahn report against the known reasons: judge.py index.json reasons.tsv server."""

import collections
import csv
import json
import sys

CASES = 301
FINE = "OK"
FAILURES = ("FAILED", "UNIMPLEMENTED", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT")


def number(case):
    return [int(part) for part in case.split(".")]


index, known, server = sys.argv[1:]
with open(index, encoding="utf-8") as file:
    cases = next(iter(json.load(file).values()), {})
with open(known, encoding="utf-8") as file:
    rows = csv.DictReader(file, delimiter="\t")
    reasons = {(row["case"], row["behaviour"]): row["reason"] for row in rows if server in row["servers"].split()}

counts = collections.Counter(case["behavior"] for case in cases.values())
unknown = []
for case in sorted(cases, key=number):
    behaviour = cases[case]["behavior"]
    close = cases[case]["behaviorClose"]
    if close not in (FINE, "INFORMATIONAL"):
        behaviour += " / close " + close
    if behaviour != FINE:
        reason = reasons.get((case, behaviour))
        print(f"{case:8} {behaviour:24} {reason or 'for no known reason'}")
        if reason is None:
            unknown.append(case)

print(", ".join(f"{counts[one]} {one}" for one in sorted(counts, key=lambda one: (one != FINE, one))))
failed = sum(counts[one] for one in FAILURES)
summary = f"{counts[FINE]} OK, {counts['NON-STRICT']} non-strict, {counts['INFORMATIONAL']} informational, {failed} failed"
if len(cases) != CASES:
    print(f"{summary}; but {len(cases)} cases ran, not {CASES}")
    sys.exit(2)
if unknown:
    print(f"{summary}; for no known reason: {' '.join(unknown)}")
    sys.exit(1)
print(f"{summary} of {CASES}")
