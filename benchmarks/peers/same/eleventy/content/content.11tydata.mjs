export default {
  layout: "page.njk",
  eleventyExcludeFromCollections: true,
};
