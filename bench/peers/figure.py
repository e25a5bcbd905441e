"""figure.py ROUNDS.json FIGURE.png: the table as bars; run in an environment with matplotlib."""
import json
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

import report  # noqa: E402
import rows  # noqa: E402

HEADRACE, OTHERS, LINE = "#0b7285", "#adb5bd", "#495057"


def bars(axes, content, workload):
    found = report.measured(content, workload)[::-1]
    ratios = [entry[2] for entry in found]
    texts = [row.text.replace("`", "") for row, *_ in found]
    colours = [HEADRACE if row.peer == "headrace" else OTHERS for row, *_ in found]
    errors = [[max(0, ratio - low) for _, _, ratio, (low, _), _ in found],
              [max(0, high - ratio) for _, _, ratio, (_, high), _ in found]]
    axes.barh(texts, ratios, color=colours, xerr=errors, error_kw={"elinewidth": 0.8, "ecolor": LINE})
    for place, (_, rate, ratio, _, _) in enumerate(found):
        axes.text(ratio + errors[1][place] + 0.02 * max(ratios), place, f"{rate:,.0f}/s", va="center", fontsize=8)
    axes.axvline(1, color=LINE, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, 1.2 * max(ratio + error for ratio, error in zip(ratios, errors[1])))
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
