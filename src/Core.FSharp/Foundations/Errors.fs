namespace Ppl.Core
