// Why this exists: a certificate that clients cannot read, or read as expired, shuts everybody out.
import {X509Certificate} from 'node:crypto';
import {expect, it} from 'vitest';
import {makeCertificate} from './certificate.ts';

it.each([
  ['2026-03-01T12:00:00.000Z', 'Feb 28 12:00:00 2026 GMT', 'Feb 27 12:00:00 2036 GMT'],
  ['2045-06-01T00:00:00.000Z', 'May 31 00:00:00 2045 GMT', 'May 30 00:00:00 2055 GMT'],
  ['2050-01-01T00:00:00.000Z', 'Dec 31 00:00:00 2049 GMT', 'Dec 30 00:00:00 2059 GMT'],
])('a certificate made at %s is valid from a day before, for ten years', (now, from, to) => {
  const {certificatePem} = makeCertificate(Date.parse(now));
  const {validFrom, validTo} = new X509Certificate(certificatePem);
  expect([validFrom, validTo]).toEqual([from, to]);
});
