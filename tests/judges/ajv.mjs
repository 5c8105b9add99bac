// Compiles the JSON Schema that it reads, in the strict mode of ajv, which refuses what may be a slip.
// The line that it prints is empty, or says what is wrong.
import { readFileSync } from 'node:fs'
import Ajv from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

try {
  const judge = new Ajv.default({ strict: true })
  formats.default(judge)
  judge.compile(JSON.parse(readFileSync(0, 'utf8')))
  console.log('')
} catch (error) {
  console.log(error.message)
}
