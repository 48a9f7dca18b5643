module Ppl.Engine.Tests.Placeholder
