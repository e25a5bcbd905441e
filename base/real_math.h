// log, exp and the functions of angles that give the same bits on every machine.
//
// The C library chooses variants by CPU (with or without fused multiply-add), so the random draws
// use these: only IEEE + - * / sqrt and exact bit operations, in a fixed order. Errors of log and
// exp stay below 2 ulp, which no draw can tell from the true value.
#pragma once

namespace headrace {

// Natural logarithm of a finite x > 0.
double RealLog(double x);

// e to the x; 0 below -745, +inf above 709.78.
double RealExp(double x);

// The same to 10 digits, for what becomes an f32: relative errors of exp, and errors of log
// relative to 1 + |log x|, stay below 10^-9. x normal and above 0; |x| <= 700. Several times as
// fast.
double RealLogShort(double x);
double RealExpShort(double x);

// Of angles in radians, |x| <= 10^5, and the angle of a tangent, |x| <= 10^6. Computed with twice
// the digits: rounded correctly but for about one argument in 10^12, and so equal to what a good C
// library gives for nearly all. Less than a microsecond each.
double RealSin(double x);
double RealCos(double x);
double RealTan(double x);
double RealAtan(double x);

}  // namespace headrace
