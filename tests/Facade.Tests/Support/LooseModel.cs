// A model made of parts, for tests of what the generator would never emit.
using System;
using System.Collections.Generic;

namespace Ppl.Facade.Tests;

internal sealed class LooseModel(Action<Prob> body, params DataMember[] data) : IModel<LooseModel>
{
    public SiteInfo[] Sites { get; init; } = [];

    ModelSchema IModel.Schema => new("loose", Sites);

    IReadOnlyList<DataMember> IModel.Data => data;

    void IModel.Define(Prob p) => body(p);

    /// <summary>A short run: two chains, few transitions.</summary>
    public InferenceBuilder<LooseModel> Short() => this.Infer().Chains(2).Warmup(50).Draws(50).Seed(1);
}
