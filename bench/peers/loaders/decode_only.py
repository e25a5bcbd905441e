"""libjpeg-turbo's full decode of every file in memory and nothing else: simplejpeg in processes."""
import multiprocessing
import pathlib

from serve import serve, versions_of


def work(worker, paths, batch, done):
    import simplejpeg

    files = [pathlib.Path(path).read_bytes() for path in paths]
    place = worker * len(files) // 2
    while True:
        for _ in range(batch):
            simplejpeg.decode_jpeg(files[place % len(files)], "RGB")
            place += 1
        done.put(batch)


def batches(task):
    paths = sorted(map(str, pathlib.Path(task.originals).glob("*/*")))
    done = multiprocessing.SimpleQueue()
    step = 8
    for worker in range(task.workers):
        multiprocessing.Process(target=work, daemon=True, args=(worker, paths, step, done)).start()
    while True:
        yield None, range(done.get())


if __name__ == "__main__":
    serve(batches, lambda: versions_of("simplejpeg"), checked=False)
