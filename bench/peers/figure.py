"""figure.py ROUNDS.json FIGURE.png: the table as bars; run in an environment with matplotlib."""
import json
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

import report  # noqa: E402
import rows  # noqa: E402

HEADRACE, OTHERS, LINE = "#0b7285", "#adb5bd", "#495057"


def bars(axes, content, workload):
    found = report.measured(content, workload)[::-1]
    middles = [statistics.median(ratios) for _, _, ratios, _ in found]
    texts = [row.text.replace("`", "") for row, *_ in found]
    colours = [HEADRACE if row.peer == "headrace" else OTHERS for row, *_ in found]
    errors = [[middle - min(entry[2]) for middle, entry in zip(middles, found)],
              [max(entry[2]) - middle for middle, entry in zip(middles, found)]]
    axes.barh(texts, middles, color=colours, xerr=errors, error_kw={"elinewidth": 0.8, "ecolor": LINE})
    for place, (middle, (_, rate, _, _)) in enumerate(zip(middles, found)):
        axes.text(max(errors[1][place] + middle, middle) + 0.03 * max(middles), place, f"{rate:,.0f}/s", va="center", fontsize=8)
    axes.axvline(1, color=LINE, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, 1.18 * max(middles))
    axes.set_title(rows.WORKLOADS[workload], fontsize=10, loc="left")
    axes.set_xlabel(f"over {content['settings']['workers']} x one thread of full decode + resize + normalise", fontsize=8)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        content = json.load(file)
    workloads = [workload for workload in rows.WORKLOADS if report.measured(content, workload)]
    counts = [len(report.measured(content, workload)) for workload in workloads]
    figure, all_axes = pyplot.subplots(len(workloads), 1, figsize=(8, 1.2 * len(workloads) + 0.26 * sum(counts)),
                                       height_ratios=counts, squeeze=False, layout="constrained")
    for axes, workload in zip(all_axes[:, 0], workloads):
        bars(axes, content, workload)
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
