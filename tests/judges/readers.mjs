// Reads Atom feeds with two feed readers. Standard input is a JSON object: feeds by name. The line
// that it prints is one, too: by name, and by reader, the entries (id, title, link, updated), or
// the fault that the reader found.
import { readFileSync } from 'node:fs'
import { parseAtomFeed } from 'feedsmith'
import Parser from 'rss-parser'

const readers = {
  feedsmith: (feed) =>
    parseAtomFeed(feed).entries.map((entry) => [
      entry.id,
      entry.title?.value ?? entry.title,
      entry.links.find((link) => link.rel === 'alternate').href,
      entry.updated
    ]),
  'rss-parser': async (feed) => {
    const parser = new Parser({ customFields: { item: ['updated'] } })
    const { items } = await parser.parseString(feed)
    return items.map((item) => [item.id, item.title, item.link, item.updated])
  }
}
const found = {}
for (const [name, feed] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  found[name] = {}
  for (const [reader, read] of Object.entries(readers)) {
    try {
      found[name][reader] = await read(feed)
    } catch (error) {
      found[name][reader] = error.message
    }
  }
}
console.log(JSON.stringify(found))
