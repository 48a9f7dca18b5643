module Ppl.Core.Tests.Placeholder
