"""What assuage says when outcomes can't be scored or data can't be analysed: (sentence, remedy).

Their order of precedence stands in `codes`.
"""

FORMULA_UNREADABLE = (
    "the {what} '{text}' can't be read at character {at}: {why}",
    "write it as in '{example}', with names of other signs in backticks",
)
ANSWER_IMPOSSIBLE = (
    "{item} of {instrument} can't be {text}: {why}",
    "{remedy}",
)
INSTRUMENT_NOT_SCORED = (
    "{instrument} can't be scored: {why}",
    "{remedy}",
)
DESIGN_SINGULAR = (
    "the data can't tell all terms of the model apart: {why}",
    "drop a term, or join levels that no data tell apart",
)

ESTIMAND_NOT_COMPUTABLE = (
    "the estimand {id} can't be computed: {why}",
    "{remedy}",
)
NOT_ESTIMABLE = (
    "{what} can't be estimated: {why}",
    "{remedy}",
)

# A course of treatment, its outcomes, and the registry.
COURSE_UNKNOWN = (
    "there is no course '{course}'",
    "check the id, or open it with 'assuage course open'",
)
COURSE_EXISTS = (
    "there is a course '{course}' already",
    "use it as it is, or choose another id",
)
COURSE_ELSEWHERE = (
    "course '{course}' was opened at another site",
    "give the command at the site where the course was opened",
)
COURSE_OF_OTHER = (
    "course '{course}' isn't of patient '{patient}'",
    "check both numbers; 'assuage course list' shows the courses of a patient",
)
COURSE_ENDED = (
    "course '{course}' ended at {time}",
    "open a new course, or say that it goes on with 'assuage course reopen {course}'",
)
COURSE_NOT_ENDED = (
    "course '{course}' hasn't ended",
    "nothing was stored; sessions can join it as it is",
)
SESSION_UNFITTING = (
    "session '{session}' can't be of course '{course}': {why}",
    "check both ids; each session belongs to at most one course, of the same patient",
)
OUTCOME_UNKNOWN = (
    "course '{course}' has no outcome '{outcome}'",
    "use one of: {choices}",
)
OUTCOME_TIMING = (
    "this can't have happened {phase} session '{session}': {why}",
    "correct the time with --at, or what was said of the session",
)
OUTCOME_STALE = (
    "{date} is more than {days} days before the course was opened",
    "check the year and the course; what is older doesn't say how this course began or went",
)
OUTCOME_REPEATED = (
    "{instrument} was recorded as '{outcome}' already: {why}",
    "correct that one if it is wrong; {remedy}",
)
BASELINE_UNFITTING = (
    "outcome '{outcome}' can't be the baseline: {why}",
    "{remedy}",
)
FOLLOW_UP_NOT_OPEN = (
    "nothing is to be followed up about outcome '{outcome}'",
    "use one of: {choices}",
)
HARM_UNKNOWN = (
    "course '{course}' has no harm '{harm}'",
    "use one of: {choices}",
)
CONSENT_UNCHANGED = (
    "patient '{patient}' has {state}",
    "look at it with 'assuage registry status'; nothing was stored",
)
EXPORT_EMPTY = (
    "nobody at this site can be exported for {purpose}: {why}",
    "it takes consent, a course and a confirmed dose; nothing was stored",
)
EXPORT_CHANGED = (
    "the record has changed since export '{export}' was stored, so its files can't be made again",
    "make a new export; the log keeps the old one",
)
COUNT_TOO_LOW = (
    "counts under {least} are never shown, and {asked} is lower",
    "give {least} or more",
)
TRIAL_FILE_DAMAGED = (
    "the trials in {path} can't be continued: {why}",
    "delete that file to start again, or name another with --resume; it was left as it is",
)
TRIAL_FILE_OTHER = (
    "{path} holds other trials: {why}",
    "repeat the command it was started with, or name another file with --resume",
)

# A study and its protocol.
STUDY_UNKNOWN = (
    "no protocol of a study '{study}' is locked in this record",
    "lock it first with 'assuage study lock'; known: {choices}",
)
STUDY_LOCKED = (
    "the protocol of {study} is locked, with the digest {digest}",
    "to amend it, name what is amended and say why: --amends {digest} --reason '...'",
)
STUDY_AMENDS_OTHER = (
    "the locked protocol of {study} has the digest {digest}, not '{text}'",
    "look at the study with 'assuage study show {study}', and amend what is in force",
)
STUDY_UNCHANGED = (
    "the locked protocol of {study} says the same already, with the digest {digest}",
    "nothing was stored; change the protocol before it is amended",
)
STUDY_UNBLINDED = (
    "{study} was unblinded before",
    "look at when, and with which data, with 'assuage study show {study}'",
)
STUDY_OUTCOME_MISSING = (
    "the report of {study} would leave out what was collected: {path} has no {columns}",
    "give the whole data; a column that nobody filled in stays there, empty",
)
