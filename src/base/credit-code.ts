/** 统一社会信用代码: what registration numbers are in China. */
const DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** GB 32100-2015: 18 characters, the last a check modulo 31 with weights 3^i. */
export const isUnifiedCreditCode = (code: string): boolean => {
  const values = [...code].map((character) => DIGITS.indexOf(character));
  if (values.length !== 18 || values.includes(-1)) return false;
  let weight = 1;
  let sum = 0;
  for (const value of values.slice(0, 17)) {
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  return values[17] === (31 - (sum % 31)) % 31;
};
