/** Under which keys the browser keeps what belongs to a lesson; the lesson's name follows (model/address.js, `keptName`). */
export const BOOKMARKS = 'vmviz-bookmarks-';
export const REPLIES = 'vmviz-answers-';
export const DRIVEN = 'vmviz-drive-';
export const VISITS = 'vmviz-progress-';
