/** What the names of classes say about an element, in a few general words; structure and roles are asked first. */

/** What an element is by its class names or id. */
export interface Traits {
  /** Menus, footers, notices, bylines: not what a page reports. */
  furniture: boolean;
  ad: boolean;
  /** One story among others: a card. */
  item: boolean;
  /** For screen readers alone. */
  unseen: boolean;
  /** A kicker, time or badge beside a headline. */
  label: boolean;
  /** A line above a headline, which may be longer than a label. */
  kicker: boolean;
  /** Leads to more of the same: "read-more", "view-all". */
  more: boolean;
  /** The words of a post. */
  post: boolean;
}

const NONE: Traits = { furniture: false, ad: false, item: false, unseen: false, label: false, kicker: false, more: false, post: false };

const words = (text: string): Set<string> => new Set(text.split(/\s+/));

const AD = words("ad ads adsbygoogle adslot adunit advert adverts advertisement advertorial advertising promoted sponsor sponsored");
const FURNITURE_FIRST = words(
  "breadcrumb breadcrumbs comments consent cookie cookies footer gdpr menu nav navbar pagination subnav tagcloud",
);
const FURNITURE_LAST = words(
  `author authors breadcrumb breadcrumbs byline bylines colophon comments consent cookie cookies copyright disclaimer
  dropdown footer gdpr legal login megamenu menu menubar modal nav navbar navigation pager pagination share share sharing signup
  submenu subnav subscribe tagcloud taglist tags toolbar tooltip`,
);
// As a part of a longer name each of these may be a rubric ("comment-card" of the opinion pages).
const FURNITURE_WHOLE = words("comment reply");
const ITEM = words("card entry item post promo result story teaser tile");
const LABEL = words(
  `author badge byline category chip count counter date duration eyebrow flag icon kicker label live meta overline pill
  pretitle publisher rubric section source tag time timestamp topic`,
);
const KICKER = words("dachzeile eyebrow kicker overline pretitle topline");
const MORE = words("all-link load-more more-link read-more readmore see-all see-more view-all view-more");
const POST = words("body content message text");
const SECOND = words(
  "a11y-hidden assistive-text hidden-visually screen-reader screen-reader-only screen-reader-text sr-only sr-text visually-hidden visuallyhidden",
);
// "has-menu", "no-ads", and what publishing systems add to name a story's rubric: "tag-ads", "author-ann".
const ABOUT_ANOTHER = words("author category format has hide is js no not show status tag type with without");
// "nav-bar", "share-links": what it holds is said before.
const HOLDER = words("area bar block box container group inner links list panel row wrap wrapper");
const MOST_NAMES = 30;
const LONGEST_NAME = 80;
const MOST_KEPT = 2_000;

const kept = new Map<string, Traits>();

/** What class names say. The same classes stand at many elements, so the answer is kept. */
export function traits(classes: string): Traits {
  if (!classes) {
    return NONE;
  }
  const known = kept.get(classes);
  if (known !== undefined) {
    return known;
  }
  if (kept.size >= MOST_KEPT) {
    kept.clear();
  }
  const found = read(classes);
  kept.set(classes, found);
  return found;
}

function read(classes: string): Traits {
  const all = { ...NONE };
  for (const name of classes.split(/\s+/, MOST_NAMES)) {
    const parts = name.length > LONGEST_NAME ? [] : tokens(name);
    const first = parts[0];
    const last = parts.at(-1);
    const noun = parts.findLast((part) => !HOLDER.has(part)) ?? last;
    if (first !== undefined && last !== undefined && noun !== undefined && !(parts.length > 1 && ABOUT_ANOTHER.has(first))) {
      all.ad ||= AD.has(first) || AD.has(noun);
      all.furniture ||= FURNITURE_FIRST.has(first) || FURNITURE_LAST.has(noun) || (parts.length === 1 && FURNITURE_WHOLE.has(first));
      all.item ||= ITEM.has(last);
      all.label ||= LABEL.has(last);
      all.kicker ||= KICKER.has(last);
      all.more ||= MORE.has(parts.join("-"));
      all.post ||= POST.has(last);
      all.unseen ||= SECOND.has(parts.join("-"));
    }
  }
  return all;
}

/**
 * The words of a name: `storyCard`, `story-card`, `story_card` and `c-story-card--wide` end in "card". What follows `--`
 * is a variant, and a last part that is no word a bundler's hash.
 */
export function tokens(name: string): string[] {
  if (/[^\w-]/.test(name)) {
    return []; // `md:hidden`, `w-[12px]`: tells looks, not what it is
  }
  const [whole = ""] = name.split("--");
  const plain = whole.replace(/_+([A-Za-z0-9]{5,8})$/, (found, end: string) => (isHash(end) ? "" : found));
  return plain
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .split(/[-_]+/)
    .filter(Boolean);
}

function isHash(end: string): boolean {
  return /\d/.test(end) || (/[A-Z]/.test(end) && !/^([a-z]+|[A-Z][a-z]+)([A-Z][a-z]+)*$/.test(end));
}
