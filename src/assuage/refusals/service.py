"""What assuage says when people, sessions or the register refuse: (sentence, remedy).

Their order of precedence stands in `codes`.
"""

# Who is asking.
SITE_UNKNOWN = (
    "there is no site '{site}' in this record",
    "use one of: {choices}; 'assuage record init' opens the first",
)
SITE_EXISTS = (
    "the site '{site}' is open already",
    "use it as it is, or open another under another id",
)
ID_INVALID = (
    "'{text}' can't be the id of {what}",
    "use up to 40 lower-case letters, digits, dots and hyphens, and no name of a patient",
)
SIGN_IN_LOCKED = (
    "{person} failed to sign in {tries} times and is locked out until {until}",
    "wait, or have a site manager look at who is trying",
)
SIGN_IN_FAILED = (
    "{person} could not sign in",
    "check the person's id and passphrase; failures are recorded",
)
PASSPHRASE_MISSING = (
    "no passphrase was given for {person}",
    "type it when you are asked on a terminal; 'assuage people --help' tells of rehearsals",
)
PASSPHRASES_UNSAFE = (
    "the passphrase file {path} can't be used: {why}",
    "make it a file of your own that nobody else can read (chmod 600), with lines id = 'words'",
)
PASSPHRASE_WEAK = (
    "the passphrase is shorter than {shortest} characters or repeats itself",
    "use four or more unrelated words",
)
PERSON_UNKNOWN = (
    "there is no person '{person}' at this site",
    "use one of: {choices}; 'assuage people enrol' adds one",
)
PERSON_EXISTS = (
    "there is a person '{person}' at this site already",
    "choose another id; an id is never used for a second person",
)
PRESCRIBER_NOT_PERMITTED = (
    "{person} has no role that may prescribe",
    "name the person who ordered the treatment",
)
ROLE_NOT_PERMITTED = (
    "{person} has no role that allows: {act}",
    "have somebody do it who is one of: {roles}",
)
WITNESS_MISSING = (
    "{act} needs a witness",
    "have a second person sign in as the witness, with --witness",
)
WITNESS_IS_ACTOR = (
    "{person} can't stand beside themselves",
    "have somebody else be the witness",
)
WITNESS_STALE = (
    "{person} did not sign in as the witness within the last {minutes} minutes",
    "have the witness sign in now, beside you",
)
WITNESS_NOT_OWN = (
    "the passphrase of {person} was set by {by}, who can't have {person} as a witness",
    "have {person} set a passphrase of their own with 'assuage people passphrase'",
)
ROLES_OWN = (
    "{person} can't change their own roles",
    "have another site manager do it",
)
PATIENT_EXISTS = (
    "there is a patient '{patient}' already",
    "check the number; two people never share one",
)
ERASURE_TOO_EARLY = (
    "entries that name patient '{patient}' are kept until {until}",
    "wait, or add --accept with a name and a reason if the law lets you erase earlier",
)
AREA_UNKNOWN = (
    "the site has no area '{area}'",
    "use one of: {choices}; 'assuage people area' adds one",
)
AREA_EXISTS = (
    "the site has an area '{area}' already",
    "use it as it is",
)
AREA_SAME = (
    "'{area}' is both where it comes from and where it goes",
    "name two areas",
)
TIME_IN_FUTURE = (
    "{time} is in the future",
    "give the time when it happened; check the clock of this machine",
)
# The session.
SESSION_UNKNOWN = (
    "there is no session '{session}'",
    "check the id, or open it with 'assuage session open'",
)
SESSION_EXISTS = (
    "there is a session '{session}' already",
    "enter it with 'assuage session enter', or choose another id",
)
SESSION_ELSEWHERE = (
    "session '{session}' was opened at another site",
    "give the command at the site where the session was opened",
)
SESSION_ENDED = (
    "session '{session}' ended at {time}",
    "open a new session; what happened in the old one can be corrected with a footnote",
)
INTENT_UNKNOWN = (
    "there is no dose '{intent}' in this session",
    "use one of: {choices}",
)
INTENT_RESOLVED = (
    "dose '{intent}' is {state} already",
    "look at the session; a wrong amount is corrected with a footnote",
)
DOSE_UNRESOLVED = (
    "nobody has said what became of dose '{intent}' in session '{session}'",
    "say it with 'assuage session confirm' or 'assuage session not-given'; give nothing before",
)
# The register.
ENTRY_UNKNOWN = (
    "the register has no entry {number}; its last is {last}",
    "look at the page for the number of the entry",
)
DRAW_UNKNOWN = (
    "nothing was drawn as '{draw}'",
    "use one of: {choices}",
)
DRAW_CLOSED = (
    "'{draw}' is accounted for already",
    "correct an entry with a footnote if one of its amounts is wrong",
)
DRAW_ELSEWHERE = (
    "'{draw}' was drawn for session '{session}'",
    "draw a unit for this session; one unit serves one patient",
)
DRAW_OPENED = (
    "some of '{draw}' was given or wasted, so it can't go back",
    "waste the rest before a witness",
)
DRAW_EXCEEDED = (
    "'{draw}' has {left_mg} mg left, and {given_mg} mg doesn't fit",
    "check the amount; correct an earlier entry with a footnote if that one is wrong",
)
PAGE_FROZEN = (
    "the page of {item} in {area} is frozen by discrepancy {discrepancy}",
    "close the discrepancy; for a patient who can't wait, draw with --accept and a witness",
)
ITEM_CHANGED = (
    "one unit of {item} is {now_mg} mg by the product list and {held_mg} mg by the register",
    "give the changed product an id of its own; a page never changes what it counts",
)
STOCK_SHORT = (
    "{area} holds {held} of {item} by the register, and {units} were asked for",
    "count the stock with 'assuage register check'; what differs opens a discrepancy",
)
STOCK_EXPIRED = (
    "{item} expired on {expires}",
    "send it back, or correct the date",
)
UNITS_INVALID = (
    "{units} isn't a count of units",
    "give whole units, counted by hand",
)
AMOUNT_NOT_WHOLE = (
    "'{text}' isn't a whole number of micrograms",
    "give an amount that was measured, such as 12.5 mg",
)
AUTHORITY_MISSING = (
    "nothing was said of what entitles {name} to have the drug",
    "add the registration number or the authority",
)
CORRECTION_IMPOSSIBLE = (
    "entry {number} can't be corrected so: {why}",
    "add a footnote without an amount, or open a discrepancy",
)
DISCREPANCY_UNKNOWN = (
    "there is no discrepancy '{discrepancy}'",
    "use one of: {choices}",
)
DISCREPANCY_CLOSED = (
    "discrepancy '{discrepancy}' was closed as {outcome}",
    "open another if something else doesn't add up",
)
DISCREPANCY_NOT_INDEPENDENT = (
    "{person} had a part in what is being looked into",
    "have somebody do it who hadn't",
)
DISCREPANCY_STEP_MISSING = (
    "discrepancy '{discrepancy}' still needs {step}",
    "do that first; 'assuage register discrepancy show' lists the steps",
)
OUTCOME_UNFITTING = (
    "{mg} mg is missing in discrepancy '{discrepancy}', so it isn't closed as {outcome}",
    "correct the wrong entry first, or choose the outcome that says what is so",
)
