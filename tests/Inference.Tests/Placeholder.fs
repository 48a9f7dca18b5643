module Ppl.Inference.Tests.Placeholder
