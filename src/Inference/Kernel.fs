namespace Ppl.Inference
