"""The table of bench/peers/run, as Markdown."""
import statistics

import rows


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown CPU"


def rate_of(samples):
    """Images a second over all rounds together. Images are counted by whole batches, of which a slow
    loader makes a handful in a turn; its next turn goes on where the last one stopped, so the sum
    is exact to one batch, while a median of rounds would be as coarse as a round is."""
    return sum(sample["images"] for sample in samples.values()) / sum(sample["seconds"] for sample in samples.values())


def ratio_of(samples, unit, workers):
    """To so many times one thread of the reference, over the same rounds."""
    return rate_of(samples) / (workers * rate_of({number: unit[number] for number in samples}))


def round_ratios(samples, unit, workers):
    return [ratio_of({number: sample}, unit, workers) for number, sample in samples.items()]


def measured(content, workload):
    """[(row, images a second, ratio, lowest and highest of a round, milliseconds of CPU an image)],
    fastest first."""
    samples = content["samples"].get(workload, {})
    workers = content["settings"]["workers"]
    found = []
    for row in [*rows.ROWS, rows.DECODE]:
        mine = samples.get(row.name)
        if mine:
            unit = samples[rows.UNIT]
            of_rounds = round_ratios(mine, unit, workers)
            images = max(1, sum(sample["images"] for sample in mine.values()))
            cost = 1e3 * sum(sample["cpu_seconds"] for sample in mine.values()) / images
            found.append((row, rate_of(mine), ratio_of(mine, unit, workers), (min(of_rounds), max(of_rounds)), cost))
    return sorted(found, key=lambda entry: -entry[2])


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
    base = rate_of(unit)
    lines = [f"### {rows.WORKLOADS[workload]}", "",
             "| | images/s | ratio | ms of CPU an image | |", "|---|---|---|---|---|",
             f"| {workers} x one thread of full decode + resize + normalise, no loader | {workers * base:,.0f} | 1 | | "
             f"{versions_text(content, rows.UNIT)} |"]
    for row, rate, ratio, (low, high), cost in measured(content, workload):
        bold = "**" if row.peer == "headrace" else ""
        notes = "; ".join(text for text in (row.note, versions_text(content, row.name)) if text)
        lines.append(f"| {row.text} | {bold}{rate:,.0f}{bold} | {bold}{ratio:.2f}{bold} ({low:.2f} to {high:.2f}) "
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
        f"{data['copies']} copies of each, in the page cache. Over {rounds} rounds in which all take turns of "
        f"{settings['seconds']:g} s; in brackets the lowest and highest ratio of a round. The median turn used "
        f"{cpus_used(content):.2f} CPUs; much below {settings['workers']} would mean that other programs ran too.", ""]
    for workload in rows.WORKLOADS:
        lines += table_of(content, workload)
    return "\n".join(lines)
