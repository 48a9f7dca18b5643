// What `chains` compares fused elementwise loops and reductions with: one plain loop each, as g++ vectorises it.
#include <cmath>

extern "C" {

void softplus(const double* x, double* y, long n)
{
    for (long i = 0; i < n; i++) y[i] = std::log(1.0 + std::exp(-x[i]));
}

void tanh_chain(const double* x, double* y, long n)
{
    for (long i = 0; i < n; i++) y[i] = std::tanh(x[i]) * x[i] + 0.5;
}

void gauss(const double* x, double* y, long n)
{
    for (long i = 0; i < n; i++) y[i] = std::exp(-0.5 * x[i] * x[i]) * (1.0 + x[i]);
}

void log_gamma(const double* x, double* y, long n)
{
    for (long i = 0; i < n; i++) y[i] = std::lgamma(3.0 + x[i]) - x[i];
}

void sum(const double* x, double* y, long n)
{
    double s = 0.0;
    for (long i = 0; i < n; i++) s += x[i];
    y[0] = s;
}

void log_sum_exp(const double* x, double* y, long n)
{
    double m = x[0];
    for (long i = 1; i < n; i++) m = x[i] > m ? x[i] : m;
    double s = 0.0;
    for (long i = 0; i < n; i++) s += std::exp(x[i] - m);
    y[0] = m + std::log(s);
}

}
