/**
 * The pages around the lessons: theme and language. Everything else there is plain HTML.
 */
import { words } from './catalogue.js';
import { keepPlaceInLanguageLinks, themeButton } from './theme.js';

themeButton(words(document.documentElement.lang));
keepPlaceInLanguageLinks();
