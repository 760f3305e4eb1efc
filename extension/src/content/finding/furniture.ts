/** What surrounds the stories of a page: menus, footers, notices, ads, forms. By structure first, names second. */

import { traits } from "./names.ts";
import { attribute, bodyOf, count, matches, nameOf, parentOf, query, type Facts } from "./dom.ts";

const words = (text: string): Set<string> => new Set(text.split(/\s+/));

const ELEMENTS = words(
  `address audio button canvas code datalist dialog embed fieldset footer frame iframe input label map math menu nav
  noscript object option pre progress samp script search select style svg template textarea title video`,
);
const ROLES = words(
  `alertdialog button checkbox combobox comment contentinfo dialog doc-footnote form grid img listbox menu menubar
  menuitem navigation option progressbar radio radiogroup search searchbox slider spinbutton switch tab tablist
  textbox toolbar tooltip tree`,
);
const ATTRIBUTES = [
  '[contenteditable]:not([contenteditable="false"])',
  '[itemtype$="/BreadcrumbList"]',
  '[itemtype$="/SiteNavigationElement"]',
  '[itemtype$="/WPFooter"]',
  '[itemtype$="/WPAdBlock"]',
  "[itemprop=author]",
  "[itemprop=comment]",
  "[aria-modal=true]",
  "[data-ad]",
  "[data-ad-slot]",
  "[data-ad-unit]",
  "[data-native-ad]",
  "[data-google-query-id]",
  '[id^="google_ads"]',
  '[id^="div-gpt-ad"]',
].join(",");
const TELLING = words(
  "aria-modal contenteditable data-ad data-ad-slot data-ad-unit data-google-query-id data-native-ad id itemprop itemtype",
);
// Too large to be thrown away for a name alone.
const KEPT = words("html body main h1 h2 h3 h4");
const STORIES = "main, [role=main], h1";
/** A form with so many links is the whole page, as some servers build it. */
const PAGE_LINKS = 10;
const LONGEST_LABEL = 30;
const AD_LABELS = new Set(
  `ad|ads|advert|advertisement|advertisement feature|advertorial|paid content|paid post|partner content|promoted|promoted
  post|sponsored|sponsored content|sponsored post|anuncio|contenido patrocinado|patrocinado|publicidad|publicidade|
  contenu sponsorisé|publicité|sponsorisé|anzeige|gesponsert|werbung|pubblicità|sponsorizzato|advertentie|gesponsord|
  annons|reklam|reklama|реклама|إعلان|إعلانات|ممول|اشتہار|تشہیر|آگهی|विज्ञापन|প্রায়োজিত|বিজ্ঞাপন|广告|廣告|推广|贊助|赞助|広告|광고|iklan|quảng cáo|โฆษณา`
    .split("|")
    .map((label) => label.replace(/\s+/g, " ").trim()),
);

/** Whether nothing in an element is what a page reports. */
export function isFurniture(facts: Facts): boolean {
  const { element, name, attributes } = facts;
  if (ELEMENTS.has(name)) {
    return true;
  }
  if (name === "form") {
    return !isPage(element);
  }
  if (attributes.length === 0) {
    return isNotice(element);
  }
  return (
    hasRole(facts) ||
    isNamed(facts) ||
    (attributes.some((one) => TELLING.has(one)) && matches(element, ATTRIBUTES)) ||
    isHiddenCopy(facts) ||
    isNotice(element)
  );
}

/** Whether an element says no more than that its neighborhood is paid for. */
export function isAdLabel(text: string): boolean {
  const label = text.length > LONGEST_LABEL ? "" : text.replace(/\s+/g, " ").trim().toLowerCase();
  return label !== "" && AD_LABELS.has(label.replace(/[:.·•]$/, ""));
}

function isPage(form: Element): boolean {
  return count(form, "a") >= PAGE_LINKS;
}

function hasRole({ element, role, attributes }: Facts): boolean {
  return ROLES.has(role) || (attributes.includes("aria-label") && isAdLabel(attribute(element, "aria-label") ?? ""));
}

function isNamed({ element, name, classes, id }: Facts): boolean {
  if (KEPT.has(name)) {
    return false;
  }
  const byClass = traits(classes);
  if (byClass.ad || (name.includes("-") && traits(name).ad)) {
    return true;
  }
  // A story is no menu, whatever a publishing system has put among its names.
  const byId = id !== "" && name !== "article" ? traits(id) : null;
  const found = byId?.ad === true || byId?.furniture === true || (byClass.furniture && name !== "article");
  return found && query(element, STORIES) === null;
}

/** A copy for the eye alone, of a picture's link for one. What lies under an open window is hidden the same way: that is not it. */
function isHiddenCopy({ element, attributes }: Facts): boolean {
  if (!attributes.includes("aria-hidden") || attribute(element, "aria-hidden") !== "true") {
    return false;
  }
  const parent = parentOf(element);
  return parent !== null && nameOf(parent) !== "body" && query(element, STORIES) === null;
}

/** A notice that floats over the page and wants to be answered, as consent is asked for. */
function isNotice(element: Element): boolean {
  if (parentOf(element) !== bodyOf(document) || getComputedStyle(element).position !== "fixed") {
    return false;
  }
  return query(element, "button, [role=button], input") !== null && query(element, `${STORIES}, article`) === null;
}
