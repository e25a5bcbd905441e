"""WebDataset from plain shards, decoded by PIL, with torchvision's transforms, under its WebLoader."""
from serve import serve, versions_of
from torch_parts import ops_of


def batches(task):
    import torch
    import webdataset
    from torchvision.transforms import v2

    torch.set_num_threads(1)
    dataset = (
        webdataset.WebDataset(task.shards, resampled=True, shardshuffle=False)
        .shuffle(1000)
        .decode("pilrgb")
        .to_tuple("jpg", "cls")
        .map_tuple(ops_of(v2, task, tensors=False), lambda label: label)
        .batched(task.batch, partial=False)
    )
    yield from webdataset.WebLoader(dataset, batch_size=None, num_workers=task.workers,
                                    prefetch_factor=4, persistent_workers=True)


if __name__ == "__main__":
    serve(batches, lambda: versions_of("webdataset", "torch", "torchvision", "pillow"))
