# The gradient of a 784-200-20-200-784 variational autoencoder in PyTorch, eager, f32, as tests/Benchmarks/Neural/Vae.cs has it.
# Prints the least milliseconds of one gradient. Arguments: batch, threads.
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

batch, threads = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(1)
encoder, mean, log_variance = nn.Linear(784, 200), nn.Linear(200, 20), nn.Linear(200, 20)
decoder, output = nn.Linear(20, 200), nn.Linear(200, 784)
layers = nn.ModuleList([encoder, mean, log_variance, decoder, output])
images = (torch.rand(batch, 784) < 0.2).float()
noise = torch.randn(batch, 20)


def gradient():
    layers.zero_grad(set_to_none=True)
    hidden = torch.relu(encoder(images))
    m, v = mean(hidden), log_variance(hidden)
    logits = output(torch.relu(decoder(m + torch.exp(0.5 * v) * noise)))
    reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    divergence = 0.5 * torch.sum(torch.exp(v) + m * m - 1.0 - v)
    loss = (reconstruction + divergence) / batch
    loss.backward()
    return loss


for _ in range(5):
    gradient()
times = []
for _ in range(12):
    start = time.perf_counter()
    gradient()
    times.append(time.perf_counter() - start)
print(1000.0 * min(times))
