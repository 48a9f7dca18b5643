module Ppl.Architecture.Tests.Placeholder
