namespace Ppl.Jit
