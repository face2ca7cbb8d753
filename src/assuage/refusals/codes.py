"""Every sentence by which assuage says no, in order of precedence."""

from __future__ import annotations

from enum import Enum

from assuage.refusals import evidence, service


class Refusal(Enum):
    """What was refused: (one sentence, one remedy), in order of precedence."""

    # The words of the request.
    COMMAND_UNREADABLE = (
        "the command can't be read: {why}",
        "see '{command} --help'",
    )
    QUANTITY_EMPTY = (
        "no {what} was given",
        "write a number, a space and a unit, such as {example}",
    )
    QUANTITY_AMBIGUOUS = (
        "'{text}' can be read in more than one way as {what}",
        "write plain digits with a decimal point, one space and a unit, such as {example}",
    )
    QUANTITY_NOT_POSITIVE = (
        "{what} '{text}' is negative or zero",
        "write a number above zero, such as {example}",
    )
    QUANTITY_UNIT_MISSING = (
        "'{text}' has no unit, so it isn't {what}",
        "add the unit, such as {example}",
    )
    QUANTITY_UNIT_UNKNOWN = (
        "'{unit}' isn't a unit that assuage reads for {what}",
        "use one of: {units}",
    )
    QUANTITY_UNIT_WRONG = (
        "'{text}' isn't {what}",
        "give {what}, such as {example}",
    )
    QUANTITY_IMPLAUSIBLE = (
        "{what} '{text}' lies outside {low} to {high} {unit}",
        "check for a slipped decimal point or a wrong unit, such as {example}",
    )
    ADMINISTRATION_UNREADABLE = (
        "'{text}' isn't an administration that assuage can read",
        "write one of the forms listed by 'assuage simulate --help', such as {example}",
    )
    MEASUREMENT_UNREADABLE = (
        "'{text}' isn't a measurement that assuage can read",
        "write one of the forms listed by 'assuage individual --help', such as {example}",
    )
    VALUE_NOT_ALLOWED = (
        "'{text}' isn't a known {what}",
        "use one of: {choices}",
    )
    OPTION_CONFLICT = (
        "{what} can't be used together",
        "{remedy}",
    )
    OPTION_MISSING = (
        "{what} is needed and was not given",
        "{remedy}",
    )
    FILE_UNREADABLE = (
        "the file '{path}' can't be read: {why}",
        "check the path and the format; 'examples/' holds files that work",
    )
    FILE_UNWRITABLE = (
        "'{path}' can't be written: {why}",
        "choose a folder that exists, can be written to and has room",
    )
    EXTRA_MISSING = (
        "{what} needs {package}, which isn't installed",
        "install 'assuage[{extra}]', or do without {option}",
    )
    FIELD_UNKNOWN = (
        "'{field}' isn't a field of {what}",
        "use one of: {choices}",
    )
    FIELD_INVALID = (
        "{field} in {what} is not valid: {why}",
        "correct that field; 'examples/' holds files that work",
    )
    DATA_INVALID = (
        "{where}: {why}",
        "{remedy}",
    )
    KNOWLEDGE_DAMAGED = (
        "the knowledge file {path} is not valid: {why}",
        "restore the file or reinstall assuage; nothing is planned on damaged knowledge",
    )
    TERM_UNKNOWN = (
        "there is nothing to explain under '{text}'",
        "use one of: {choices}",
    )
    # The record.
    RECORD_MISSING = (
        "there is no record at {where}",
        "make one with 'assuage record init', or name another with --record",
    )
    RECORD_EXISTS = (
        "there is a record at {where} already",
        "use it as it is; a record is never started twice",
    )
    RECORD_UNREADABLE = (
        "the record at {where} can't be opened: {why}",
        "check the path or the server, then 'assuage record verify'; a backup can be restored",
    )
    RECORD_TOO_NEW = (
        "the record at {where} has layout {found}, and this assuage knows up to {known}",
        "update assuage; a record is never moved back to an older layout",
    )
    RECORD_NOT_EMPTY = (
        "the record at {where} holds {events} events already",
        "restore into an empty place, or add --replace to set the present record aside",
    )
    RECORD_IN_USE = (
        "the record at {where} is open in another program, so it can't be replaced",
        "close every program that uses it, then restore again; nothing was changed",
    )
    RECORD_BROKEN = (
        "the record at {where} failed earlier and takes nothing more on this connection",
        "start the command again; it opens the record anew and checks it",
    )
    CHAIN_BROKEN = (
        "the record's chain is broken at {fault}",
        "keep the file as it is, take no new entries, and compare it with a backup and older heads",
    )
    FILE_EXISTS = (
        "there is something at {path} already, and nothing is written over it",
        "name a file that isn't there yet",
    )
    BACKUP_UNUSABLE = (
        "the backup {path} can't be restored: {why}",
        "restore another backup; nothing was changed",
    )
    RESTORE_NEEDS_EMPTY = (
        "the record at {where} is on a server, where a restore sets nothing aside",
        "restore into an empty database with --previous and the address of this one",
    )
    RESTORE_LOSES_EVENTS = (
        "the present record stands at {present}, and the backup, at {backup}, doesn't hold that",
        "back up the present record; to go on, add --accept-loss with a name and a reason",
    )
    HEAD_UNREADABLE = (
        "'{text}' isn't a head",
        "write it as it is printed: a position, a colon and 64 hexadecimal digits",
    )
    PATIENT_UNKNOWN = (
        "there is no patient '{patient}' in this record",
        "check the number, or register the patient with 'assuage patient register'",
    )
    PATIENT_ERASED = (
        "the personal data of patient '{patient}' was erased, and nothing new is stored for it",
        "register the patient anew under another number if treatment goes on",
    )
    SITE_KEY_MISSING = (
        "no site key was given, so personal data can't be read or written",
        "set ASSUAGE_SITE_KEY or ASSUAGE_SITE_KEY_FILE; 'assuage record init' makes a key file",
    )
    SITE_KEY_UNSAFE = (
        "the site key file {path} can't be used: {why}",
        "make it a file of your own that nobody else can read (chmod 600), with one key in it",
    )
    SITE_KEY_WRONG = (
        "the site key isn't the one that this record's personal data was locked with",
        "use the key that was made with this record",
    )
    # Who is asking.
    SITE_UNKNOWN = service.SITE_UNKNOWN
    SITE_EXISTS = service.SITE_EXISTS
    ID_INVALID = service.ID_INVALID
    SIGN_IN_LOCKED = service.SIGN_IN_LOCKED
    SIGN_IN_FAILED = service.SIGN_IN_FAILED
    PASSPHRASE_MISSING = service.PASSPHRASE_MISSING
    PASSPHRASES_UNSAFE = service.PASSPHRASES_UNSAFE
    PASSPHRASE_WEAK = service.PASSPHRASE_WEAK
    PERSON_UNKNOWN = service.PERSON_UNKNOWN
    PERSON_EXISTS = service.PERSON_EXISTS
    PRESCRIBER_NOT_PERMITTED = service.PRESCRIBER_NOT_PERMITTED
    ROLE_NOT_PERMITTED = service.ROLE_NOT_PERMITTED
    WITNESS_MISSING = service.WITNESS_MISSING
    WITNESS_IS_ACTOR = service.WITNESS_IS_ACTOR
    WITNESS_STALE = service.WITNESS_STALE
    WITNESS_NOT_OWN = service.WITNESS_NOT_OWN
    ROLES_OWN = service.ROLES_OWN
    PATIENT_EXISTS = service.PATIENT_EXISTS
    ERASURE_TOO_EARLY = service.ERASURE_TOO_EARLY
    AREA_UNKNOWN = service.AREA_UNKNOWN
    AREA_EXISTS = service.AREA_EXISTS
    AREA_SAME = service.AREA_SAME
    TIME_IN_FUTURE = service.TIME_IN_FUTURE
    # The session.
    SESSION_UNKNOWN = service.SESSION_UNKNOWN
    SESSION_EXISTS = service.SESSION_EXISTS
    SESSION_ELSEWHERE = service.SESSION_ELSEWHERE
    SESSION_ENDED = service.SESSION_ENDED
    INTENT_UNKNOWN = service.INTENT_UNKNOWN
    INTENT_RESOLVED = service.INTENT_RESOLVED
    DOSE_UNRESOLVED = service.DOSE_UNRESOLVED
    # The register.
    ENTRY_UNKNOWN = service.ENTRY_UNKNOWN
    DRAW_UNKNOWN = service.DRAW_UNKNOWN
    DRAW_CLOSED = service.DRAW_CLOSED
    DRAW_ELSEWHERE = service.DRAW_ELSEWHERE
    DRAW_OPENED = service.DRAW_OPENED
    DRAW_EXCEEDED = service.DRAW_EXCEEDED
    PAGE_FROZEN = service.PAGE_FROZEN
    ITEM_CHANGED = service.ITEM_CHANGED
    STOCK_SHORT = service.STOCK_SHORT
    STOCK_EXPIRED = service.STOCK_EXPIRED
    UNITS_INVALID = service.UNITS_INVALID
    AMOUNT_NOT_WHOLE = service.AMOUNT_NOT_WHOLE
    AUTHORITY_MISSING = service.AUTHORITY_MISSING
    CORRECTION_IMPOSSIBLE = service.CORRECTION_IMPOSSIBLE
    DISCREPANCY_UNKNOWN = service.DISCREPANCY_UNKNOWN
    DISCREPANCY_CLOSED = service.DISCREPANCY_CLOSED
    DISCREPANCY_NOT_INDEPENDENT = service.DISCREPANCY_NOT_INDEPENDENT
    DISCREPANCY_STEP_MISSING = service.DISCREPANCY_STEP_MISSING
    OUTCOME_UNFITTING = service.OUTCOME_UNFITTING
    # Who may have what, where.
    RESEARCH_LOCK = (
        "{regimen} is a research technique and can't be ordered",
        "read it with 'assuage regimens {regimen}', or simulate it with {needs}",
    )
    PLACE_UNKNOWN = (
        "assuage has no law record for the place '{place}'",
        "use one of: {choices}; unknown law is not permission",
    )
    PLACE_DATE_UNKNOWN = (
        "assuage has no law record for {place} on {date}",
        "plan for a date from {earliest} on, or add the law of that date to the record",
    )
    PLACE_NOT_PERMITTED = (
        "{regimen} isn't permitted in {place} on {date}: {why}",
        "choose a regimen that the law of the place permits, or correct the place or date",
    )
    SETTING_NOT_PERMITTED = (
        "{regimen} isn't given in the setting '{setting}'",
        "use one of: {choices}",
    )
    # The drug product.
    PRODUCT_MISSING = (
        "no drug product was named, so millilitres can't be worked out",
        "add --product with one of: {choices}",
    )
    PRODUCT_STRENGTH_UNKNOWN = (
        "'{text}' isn't a product strength that assuage holds",
        "use one of: {choices}; each strength is its own product",
    )
    PRODUCT_DRUG_MISMATCH = (
        "{regimen} is a regimen of {wanted} and the product {product} is {given}",
        "choose a product of {wanted}; the two are not interchangeable dose for dose",
    )
    ROUTE_MISMATCH = (
        "{what} is for the route {wanted}, not {given}",
        "choose a regimen, model or product for the route {given}, or correct the route",
    )
    # The patient.
    WEIGHT_UNKNOWN = (
        "{regimen} is dosed by weight and no weight was given",
        "weigh the patient and add --weight, or use a field regimen with --field",
    )
    AGE_UNKNOWN = (
        "no age was given; unknown is not taken for adult",
        "add the age, such as --age '46 y'",
    )
    AGE_OUTSIDE_REGIMEN = (
        "age {age} lies outside {low} to {high}, which {regimen} was written for",
        "choose a regimen written for this age",
    )
    AGE_OUTSIDE_MODEL = (
        "age {age} lies outside what {model} was built from ({low} to {high})",
        "choose a model whose studied range holds this age: {choices}",
    )
    WEIGHT_OUTSIDE_MODEL = (
        "weight {weight} is more than twice beyond what {model} was built from ({low} to {high})",
        "check the weight, or choose a model whose studied range holds it: {choices}",
    )
    WEIGHT_DISAGREES = (
        "weight {weight} differs by {percent} % from the last, {last}",
        "weigh again; to go on, add --accept WEIGHT_DISAGREES with a name and a reason",
    )
    PRECAUTION_ABSOLUTE = (
        "{condition} is an absolute contraindication in {context} ({source})",
        "do not give this regimen; choose another treatment or correct the record",
    )
    THEOPHYLLINE = (
        "{medicine} is not given together with ketamine: {effect} ({source})",
        "stop or replace it, or add --accept THEOPHYLLINE with a name and a reason",
    )
    # The dose.
    DOSE_OVER_HARD_LIMIT = (
        "{quantity} {value} is over the hard limit of {limit}",
        "lower the dose; a hard limit can't be passed",
    )
    DOSE_UNDER_HARD_LIMIT = (
        "{quantity} {value} is under the hard limit of {limit}",
        "check for a slipped decimal point; a hard limit can't be passed",
    )
    DOSE_OVER_SOFT_LIMIT = (
        "{quantity} {value} is over the soft limit of {limit}",
        "lower the dose, or add --accept DOSE_OVER_SOFT_LIMIT with a name and a reason",
    )
    DOSE_UNDER_SOFT_LIMIT = (
        "{quantity} {value} is under the soft limit of {limit}",
        "check the dose, or add --accept DOSE_UNDER_SOFT_LIMIT with a name and a reason",
    )
    LIMIT_MISSING = (
        "no limit is known for {quantity}, and a missing limit is not permission",
        "add the guardrail to the regimen's file with its source",
    )
    LIVER_INTERVAL = (
        "the last long infusion ended {days} days ago, inside the {limit} days that injured livers",
        "wait and repeat liver tests, or add --accept LIVER_INTERVAL with a name and a reason",
    )
    SECOND_CHECK = (
        "{volume} for one dose is more than one vial, as a tenfold error would be",
        "have a second person check it, then add --accept SECOND_CHECK with a name and a reason",
    )
    PUMP_RANGE = (
        "the pump would have to run at {rate}, outside {low} to {high}",
        "choose a product strength or dilution that brings the rate into range, or a pump with a "
        "finer step",
    )
    TARGET_UNREACHABLE = (
        "{target} can't be reached and held: {why}",
        "{best}; allow more time with --within, or change what limits it",
    )
    # The science.
    LEVEL_SITE_MISMATCH = (
        "'{level}' can't be held against {model}, which predicts {sampling} levels",
        "{remedy}",
    )
    MODEL_UNSUITABLE = (
        "{model} can't predict this: {why}",
        "choose another model: {choices}",
    )
    # Outcomes and evidence.
    STUDY_UNKNOWN = evidence.STUDY_UNKNOWN
    STUDY_LOCKED = evidence.STUDY_LOCKED
    STUDY_AMENDS_OTHER = evidence.STUDY_AMENDS_OTHER
    STUDY_UNCHANGED = evidence.STUDY_UNCHANGED
    STUDY_UNBLINDED = evidence.STUDY_UNBLINDED
    STUDY_OUTCOME_MISSING = evidence.STUDY_OUTCOME_MISSING
    FORMULA_UNREADABLE = evidence.FORMULA_UNREADABLE
    COURSE_UNKNOWN = evidence.COURSE_UNKNOWN
    COURSE_EXISTS = evidence.COURSE_EXISTS
    COURSE_ELSEWHERE = evidence.COURSE_ELSEWHERE
    COURSE_OF_OTHER = evidence.COURSE_OF_OTHER
    COURSE_ENDED = evidence.COURSE_ENDED
    COURSE_NOT_ENDED = evidence.COURSE_NOT_ENDED
    SESSION_UNFITTING = evidence.SESSION_UNFITTING
    OUTCOME_UNKNOWN = evidence.OUTCOME_UNKNOWN
    OUTCOME_TIMING = evidence.OUTCOME_TIMING
    OUTCOME_STALE = evidence.OUTCOME_STALE
    OUTCOME_REPEATED = evidence.OUTCOME_REPEATED
    BASELINE_UNFITTING = evidence.BASELINE_UNFITTING
    FOLLOW_UP_NOT_OPEN = evidence.FOLLOW_UP_NOT_OPEN
    HARM_UNKNOWN = evidence.HARM_UNKNOWN
    CONSENT_UNCHANGED = evidence.CONSENT_UNCHANGED
    EXPORT_EMPTY = evidence.EXPORT_EMPTY
    EXPORT_CHANGED = evidence.EXPORT_CHANGED
    COUNT_TOO_LOW = evidence.COUNT_TOO_LOW
    INSTRUMENT_NOT_SCORED = evidence.INSTRUMENT_NOT_SCORED
    ANSWER_IMPOSSIBLE = evidence.ANSWER_IMPOSSIBLE
    ESTIMAND_NOT_COMPUTABLE = evidence.ESTIMAND_NOT_COMPUTABLE
    DESIGN_SINGULAR = evidence.DESIGN_SINGULAR
    NOT_ESTIMABLE = evidence.NOT_ESTIMABLE
    FIT_IMPOSSIBLE = (
        "{model} can't be fitted to these data: {why}",
        "{remedy}",
    )
    FIT_NOT_CONVERGED = (
        "the fit did not reach the greatest likelihood, so there is no estimate: {why}",
        "{remedy}",
    )
    NOT_PLANNABLE = (
        "{regimen} can be read but not planned: {why}",
        "choose a regimen with published doses; see 'assuage regimens'",
    )
    # A large population.
    POPULATION_FILE_DAMAGED = (
        "the population in {path} can't be continued: {why}",
        "delete that file to start again, or name another with --resume; it was left as it is",
    )
    POPULATION_FILE_OTHER = (
        "{path} holds another population: {why}",
        "repeat the command it was started with, or name another file with --resume",
    )
    TRIAL_FILE_DAMAGED = evidence.TRIAL_FILE_DAMAGED
    TRIAL_FILE_OTHER = evidence.TRIAL_FILE_OTHER
    CLUSTER_UNREACHABLE = (
        "no Dask cluster answers at {address}",
        "start its scheduler, check the address, or leave it out for a cluster of this machine",
    )
    WORKER_DIFFERS = (
        "a worker has {what}, so its patients might differ",
        "install the same assuage with the same extras on every machine of the cluster",
    )
    WORKERS_LOST = (
        "{deaths} workers died one after another on the same patients",
        "give the machine more memory or ask for fewer --workers; --resume keeps what is done",
    )
    # The record, while it is written.
    RECORD_BUSY = (
        "the record at {where} was in use for {seconds} s and nothing was stored",
        "do it again; if it stays so, look for a program that holds the record open",
    )
    RECORD_CHANGED = (
        "somebody else wrote to {stream} again and again while this was being decided",
        "look at it as it is now and do it again if it is still right; nothing was stored",
    )
    RECORD_UNSURE = (
        "the record at {where} failed while storing; it isn't known whether this was stored: {why}",
        "run the same command again with --once {command}; whatever happened, it counts once",
    )
    # Assuage itself.
    INTERNAL_FAULT = (
        "assuage failed and shows no result: {why}",
        "report this line and the command that led to it; do not work around it",
    )
