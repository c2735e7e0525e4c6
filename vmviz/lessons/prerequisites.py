"""What is learnt before what: the prerequisites of lessons, which must be there and lead back to no lesson."""

from __future__ import annotations

from vmviz.errors import LessonError
from vmviz.lessons.loader import COURSE, Lesson, lesson_names, load


def check_prerequisites(lesson: Lesson) -> None:
    """LessonError for a prerequisite that is no lesson beside this one or of the course, or that needs this one."""
    course = lesson.folder.parent
    known = {*lesson_names(COURSE), *lesson_names(course)}
    for index, name in enumerate(lesson.form.prerequisites):
        place = ("prerequisites", index)
        if name not in known:
            raise lesson.document.error(place, f"there is no lesson '{name}'",
                                        f"the lessons are: {', '.join(sorted(known))}")
        way = _way(name, lesson)
        if way:
            raise lesson.document.error(place, "this lesson would have to be learnt before itself: "
                                        + " needs ".join((lesson.name, *way)), "remove one of these prerequisites")


def _way(first: str, lesson: Lesson) -> tuple[str, ...]:
    """The lessons from `first` along prerequisites to `lesson`, or nothing when there is no such way."""
    ways: list[tuple[str, ...]] = [(first,)]
    seen = {first}
    for way in ways:
        if way[-1] == lesson.name:
            return way
        for name in _needs(way[-1], lesson):
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _needs(name: str, lesson: Lesson) -> tuple[str, ...]:
    """The prerequisites of another lesson; none for one that cannot be read, whose own check says why."""
    course = lesson.folder.parent
    try:
        return load(name, course if (course / name / "lesson.yaml").is_file() else COURSE).form.prerequisites
    except LessonError:
        return ()
