"""Finds the stretches of a film that are louder than it usually is.

Usage: loud_moments.py LOUDNESS.npz MOMENTS.npz REPORT.json ABOVE_LU
"""

import json
import sys

import numpy as np

loudness_path, moments_path, report_path, above_lu = sys.argv[1:]
loudness = np.load(loudness_path, allow_pickle=False)
momentary, times = loudness["momentary_lufs"], loudness["times_sec"]

heard = momentary[np.isfinite(momentary)]  # Silence is not a number.
usual = float(np.median(heard)) if heard.size else np.nan
is_loud = momentary > usual + float(above_lu)
edges = np.flatnonzero(np.diff(is_loud.astype(np.int8), prepend=0, append=0))
starts, ends = times[edges[::2]], times[edges[1::2] - 1]

np.savez(moments_path, start_sec=starts, end_sec=ends)
with open(report_path, "w") as file:
    usual_lufs = round(usual, 2) if heard.size else None  # Missing is null, never a number.
    report = {"usual_lufs": usual_lufs, "moments": np.column_stack([starts, ends]).tolist()}
    json.dump(report, file, sort_keys=True)
print(f"{len(starts)} loud moments")
