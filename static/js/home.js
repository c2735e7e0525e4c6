/**
 * The pages around the lessons: theme and language. Everything else there is plain HTML.
 */
import { keepPlaceInLanguageLinks, themeButton } from './theme.js';

themeButton();
keepPlaceInLanguageLinks();
