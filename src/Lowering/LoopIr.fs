namespace Ppl.Lowering
