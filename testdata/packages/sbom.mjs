// The SBOMs, by CycloneDX's own validator.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

export async function* judgeSBOM(release) {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  const names = readdirSync(release.folder).filter((name) => name.endsWith('.cdx.json'));
  assert.ok(names.length > 0, 'there is no SBOM');
  for (const name of names) {
    const text = readFileSync(join(release.folder, name), 'utf8');
    assert.equal(await validator.validate(text), null, name);
    assert.notEqual(await validator.validate(text.replace('"library"', '"book"')), null, 'the validator takes anything');
    yield `${name} is a CycloneDX 1.6 document with ${JSON.parse(text).components.length} components`;
  }
}
