// Holds documents of CSAF 2.0 to its schema and its tests, by the validator of the secvisogram
// project. Each line it reads is a JSON object: documents by name, and whether they are to be held
// to all tests, also the optional and informative ones. Each line it prints has faults by name.
import { createInterface } from 'node:readline'
import * as informative from '@secvisogram/csaf-validator-lib/informativeTests.js'
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import * as optional from '@secvisogram/csaf-validator-lib/optionalTests.js'
import { csaf_2_0_strict } from '@secvisogram/csaf-validator-lib/schemaTests.js'
import validate from '@secvisogram/csaf-validator-lib/validate.js'

// These ask the network, and a dictionary.
const elsewhere = ['informativeTest_6_3_6', 'informativeTest_6_3_7', 'informativeTest_6_3_8']

const needed = [csaf_2_0_strict, ...Object.values(mandatory)]
const lesser = [...Object.values(optional), ...Object.values(informative)]
const all = [...needed, ...lesser.filter((test) => !elsewhere.includes(test.name))]

async function faults(tests, document) {
  const result = await validate(tests, document)
  const found = result.tests.flatMap((test) =>
    [...test.errors, ...test.warnings, ...test.infos].map(
      (fault) => `${test.name} ${fault.instancePath}: ${fault.message}`
    )
  )
  return result.isValid || found.length ? found : ['not valid']
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line)
  const found = {}
  for (const [name, document] of Object.entries(asked.documents)) {
    found[name] = await faults(asked.all ? all : needed, document)
  }
  process.stdout.write(JSON.stringify(found) + '\n')
}
