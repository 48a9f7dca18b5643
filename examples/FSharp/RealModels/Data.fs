namespace Ppl.Examples
