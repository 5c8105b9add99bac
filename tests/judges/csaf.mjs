// Holds documents of CSAF 2.0 to its schema and its tests, by the validator of the secvisogram
// project. Reads a JSON object of documents by name, prints one of faults by name.
// With --all also what the optional and informative tests have to say.
import * as informative from '@secvisogram/csaf-validator-lib/informativeTests.js'
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import * as optional from '@secvisogram/csaf-validator-lib/optionalTests.js'
import { csaf_2_0_strict } from '@secvisogram/csaf-validator-lib/schemaTests.js'
import validate from '@secvisogram/csaf-validator-lib/validate.js'

// These ask the network, and a dictionary.
const elsewhere = ['informativeTest_6_3_6', 'informativeTest_6_3_7', 'informativeTest_6_3_8']

let input = ''
for await (const chunk of process.stdin) input += chunk

const lesser = [...Object.values(optional), ...Object.values(informative)]
const wanted = [csaf_2_0_strict, ...Object.values(mandatory)]
if (process.argv.includes('--all')) {
  wanted.push(...lesser.filter((test) => !elsewhere.includes(test.name)))
}

const found = {}
for (const [name, document] of Object.entries(JSON.parse(input))) {
  const result = await validate(wanted, document)
  found[name] = result.tests.flatMap((test) =>
    [...test.errors, ...test.warnings, ...test.infos].map(
      (fault) => `${test.name} ${fault.instancePath}: ${fault.message}`
    )
  )
  if (!result.isValid && !found[name].length) found[name].push('not valid')
}
process.stdout.write(JSON.stringify(found))
