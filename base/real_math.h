// log and exp that give the same bits on every machine.
//
// The C library chooses variants by CPU (with or without fused multiply-add), so the random draws
// use these: only IEEE + - * / and exact bit operations, in a fixed order. Errors stay below 2 ulp,
// which no draw can tell from the true value.
#pragma once

namespace headrace {

// Natural logarithm of a finite x > 0.
double RealLog(double x);

// e to the x; 0 below -745, +inf above 709.78.
double RealExp(double x);

}  // namespace headrace
