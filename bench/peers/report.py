"""The table of bench/peers/run, as Markdown."""
import statistics

import rows


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown CPU"


def rates(samples):
    """Round -> images a second."""
    return {number: sample["images"] / sample["seconds"] for number, sample in samples.items()}


def ratios(samples, unit, workers):
    """Of each round to the unit of that round: so many times one thread of the reference."""
    base = rates(unit)
    return [rate / (workers * base[number]) for number, rate in rates(samples).items()
            if base.get(number)]


def spread(values):
    return statistics.median(values), min(values), max(values)


def measured(content, workload):
    """[(row, images a second, ratios, milliseconds of CPU an image)], fastest first."""
    samples = content["samples"].get(workload, {})
    workers = content["settings"]["workers"]
    found = []
    for row in [*rows.ROWS, rows.DECODE]:
        mine = samples.get(row.name)
        if mine:
            cost = statistics.median(1e3 * s["cpu_seconds"] / max(s["images"], 1) for s in mine.values())
            found.append((row, statistics.median(rates(mine).values()),
                          ratios(mine, samples[rows.UNIT], workers), cost))
    return sorted(found, key=lambda entry: -entry[1])


def versions_text(content, name):
    return ", ".join(f"{package} {version}" for package, version in content["versions"].get(name, {}).items())


def cpus_used(content):
    """The median over all turns of all rows but the unit's."""
    return statistics.median(sample["cpu_seconds"] / sample["seconds"]
                             for part in content["samples"].values() for name, mine in part.items()
                             if name != rows.UNIT for sample in mine.values())


def table_of(content, workload):
    samples = content["samples"].get(workload, {})
    unit = samples.get(rows.UNIT)
    if not unit:
        return []
    workers = content["settings"]["workers"]
    base = statistics.median(rates(unit).values())
    lines = [f"### {rows.WORKLOADS[workload]}", "",
             "| | images/s | ratio | ms of CPU an image | |", "|---|---|---|---|---|",
             f"| {workers} x one thread of full decode + resize + normalise, no loader | {workers * base:,.0f} | 1 | | "
             f"{versions_text(content, rows.UNIT)} |"]
    for row, rate, all_ratios, cost in measured(content, workload):
        middle, low, high = spread(all_ratios)
        bold = "**" if row.peer == "headrace" else ""
        notes = "; ".join(text for text in (row.note, versions_text(content, row.name)) if text)
        lines.append(f"| {row.text} | {bold}{rate:,.0f}{bold} | {bold}{middle:.2f}{bold} ({low:.2f} to {high:.2f}) "
                     f"| {cost:.2f} | {notes} |")
    for name, why in content.get("failed", {}).get(workload, {}).items():
        if not samples.get(name):
            text = next(row.text for row in [*rows.ROWS, rows.DECODE] if row.name == name)
            lines.append(f"| {text} | | | | {why.replace('|', '/')} |")
    return [*lines, ""]


MARKS = ("<!-- bench/peers/run --publish writes from here -->", "<!-- to here -->")


def published(document, text, figure):
    """The document with table and figure between its two marks."""
    before, mark, rest = document.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not mark or not end:
        raise ValueError("the document lacks the marks")
    return f"{before}{mark}\n\n![The table below as bars]({figure})\n\n{text.strip()}\n\n{end}{after}"


def table(content):
    settings, data = content["settings"], content["data"]
    rounds = max(len(mine) for part in content["samples"].values() for mine in part.values())
    lines = [
        f"{content['cpu']}, {settings['workers']} CPUs, {settings['workers']} workers or threads, batches of "
        f"{settings['batch']}, f32 NCHW; {data['photographs']} JPEGs of {data['mean_kilobytes']} KB on average, "
        f"{data['copies']} copies of each, in the page cache. Medians of {rounds} rounds in which all take turns of "
        f"{settings['seconds']:g} s; in brackets the lowest and highest ratio. A turn used "
        f"{cpus_used(content):.2f} CPUs in the median (well below {settings['workers']}: others used the machine "
        "too, and the figures are worth less).", ""]
    for workload in rows.WORKLOADS:
        lines += table_of(content, workload)
    return "\n".join(lines)
