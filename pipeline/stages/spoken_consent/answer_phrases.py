"""How people say yes, no, perhaps, and "what for?": German and English, in normal form."""

from __future__ import annotations

import re

from pipeline.stages.spoken_consent.said import pattern

# A negation that agrees, whatever was asked.
NO_OBJECTION = pattern(
    r"(?:ist |das ist |gar |überhaupt )*kein(?:e|en|erlei)? (?:problem|thema|ding|einwand|einwände"
    r"|einwänden|bedenken|sache)",
    r"(?:überhaupt |gar |da |grundsätzlich )?nichts (?:dagegen|gegen|einzuwenden)",
    r"stört mich (?:überhaupt |gar |das )?nicht",
    r"(?:macht|macht mir|das macht mir) <2>nichts(?: aus)?",
    r"(?:no|not a) (?:problems?|worries|objections?|issues?)(?: at all)?",
    r"(?:i )?(?:dont|do not|wouldnt) mind(?: at all)?",
    r"(?:that )?(?:doesnt|does not) bother me",
    r"(?:ja |na |ja gut |klar )?warum (?:auch |eigentlich )?nicht",
    r"(?:sure |yeah )?why not",
)
REFUSED = pattern(
    r"(?:lieber|besser|eher|doch|bitte|bloss|auf gar|noch) (?:doch )?nicht",
    r"(?:lieber|bitte|doch|besser) (?:doch )?keine?n?",
    r"auf (?:gar )?keinen fall|keinesfalls|unter keinen umständen|kommt (?:gar )?nicht in frage",
    r"von wegen|kein interesse|(?:dont|do not) give",
    r"(?:möchte|will|mag|wollen|möchten|würde|wünsche) (?:ich |wir |das |es |die |eigentlich |aber "
    r"|lieber |eher |gerne |gern )*(?:nicht|keine?n?)",
    r"(?:nicht|nich) (?:so |wirklich |ganz |damit )*(?:einverstanden|gern|gerne|okay|ok|recht|in"
    r" ordnung|gut|möglich|erwünscht|gewünscht|nötig|zustimmen)",
    r"(?:geht|passt|möchte|will|wollte|gefällt) (?:das |es |mir |gar |so |leider |ich |das )*nicht",
    r"(?:dürfen|können|sollen) sie (?:das |es |die |mich |mein )*<2>(?:nicht|keine?n?)",
    r"(?:dem |da |der )?(?:stimme|stimm) (?:ich )?(?:dem |der |da |dazu )?<3>nicht",
    r"(?:habe|hab|hätte) (?:ich )?(?:schon |sehr wohl )?(?:etwas|was|einwände|bedenken)"
    r"(?: dagegen| gegen)?",
    r"bin (?:ich )?(?:dagegen|strikt)|ich dagegen",
    r"(?:muss|braucht|soll|sollte) (?:das |es |wirklich |eigentlich )*nicht(?: sein)?",
    r"(?:aber )?ohne (?:aufnahme|aufzeichnung|mich)|keine (?:aufnahme|aufzeichnung|speicherung)",
    r"ungern|ungerne|lehne <4>ab|ablehnen|widerspreche|widersprechen|verweigere|untersage|verbiete",
    r"nicht <2>(?:aufzeichnen|aufnehmen|mitschneiden|speichern|behalten|aufbewahren|aufheben"
    r"|aufgezeichnet|gespeichert|aufgenommen|aufbewahrt)",
    r"(?:lassen|lass) sie das|stört mich(?: schon| sehr)?|das wäre mir nicht",
    r"(?:rather|prefer|like|want|wish|better) (?:you |we |to |it |that |if you )*"
    r"(?:not|didnt|did not|dont|do not)",
    r"(?:dont|do not|wouldnt|would not|didnt) (?:really |actually |think )*"
    r"(?:want|like|agree|consent|wish|accept|allow|record|think so|do that|store|keep|save)",
    r"please (?:dont|do not)|id rather (?:not|you didnt)|not (?:really |quite |at all )*"
    r"(?:okay|ok|fine|happy|comfortable|good|all right|alright|cool|acceptable|keen|record)",
    r"(?:isnt|aint) (?:okay|ok|fine|good|all right|alright)|no way|under no circumstances"
    r"|no thank(?:s| you)|no recordings?",
    r"i (?:refuse|decline|object|disagree|do object|do mind|mind)|without (?:recording|being)",
    r"(?:you )?(?:cannot|can not|cant|may not|must not|mustnt)",
    r"auch nicht|gar nicht gern",
)
# What "nein" says too, and so depends on what was asked.
FLAT_NO = pattern(
    r"(?:natürlich|sicher|sicherlich|klar|selbstverständlich|absolut) nicht",
    r"(?:absolutely|certainly|definitely|of course) not",
)
# "Ja, hallo?" takes a call, and answers nothing.
GREETED = pattern(
    r"(?:ja|yes|yeah) (?:schönen |einen )*(?:guten (?:tag|morgen|abend)|hallo|hello|hi|moin|servus"
    r"|grüss|hier (?:ist|spricht)|this is|good (?:morning|afternoon|evening|day))",
)
IRONY = pattern(r"yeah right|ja ja klar|na toll|ja toll|ja super")
HEDGED = pattern(
    r"wei(?:ss|s) (?:ich )?(?:es |das |jetzt |auch |noch |doch )*(?:nicht|nich|net)",
    r"(?:ich )?wei(?:ss|s) nicht|keine ahnung|vielleicht|eventuell|womöglich|mal (?:sehen|schauen)",
    r"kommt (?:drauf|darauf|ganz) <1>an|nicht dass ich wüsste|na ja|naja|joa|ach ja|ja ja ja",
    r"(?:ich )?(?:denke|glaube|schätze|nehme|vermute) (?:mal |ich |schon |an )*(?:ja|schon|an|so)",
    r"(?:nur|nicht) (?:wenn|falls|unter|solange)|solange|sofern|vorausgesetzt|unter der bedingung",
    r"wenn(?:s| es| das)? <3>(?:muss|nötig|unbedingt|sein)|muss (?:das|es|ich) <3>(?:sein|wohl)",
    r"muss ich|später|nachher|überlege|überlegen|erst(?:mal)? <3>(?:wissen|fragen|klären)",
    r"(?:not|im not|not really) sure|maybe|perhaps|i (?:guess|suppose|think)(?: so)?|depends"
    r"|only if|as long as|provided|unless|if i (?:must|have to)|if you (?:must|have to)"
    r"|if its <1>necessary|do i have to|dont know|no idea|later|not that i know|i see|whatever",
)
BUT = pattern("aber", "but")
BUT_GLADLY = pattern(
    r"aber (?:ja|gern|gerne|klar|sicher|natürlich|selbstverständlich|bitte|immer)",
    r"aber ist (?:in ordnung|okay|ok)",
)
COUNTER = pattern(
    r"wozu|warum|wieso|weshalb|wofür|weswegen|wie lange|wie lang|wie bitte|wer (?:hört"
    r"|bekommt|sieht|ist|sind|spricht|hat)|was (?:denn|heisst|bedeutet|genau|wird"
    r"|passiert|machen|haben|soll"
    r"|für|ist|meinen|wollen)|was"
    r"(?= \?| \.| $)|wo (?:wird|werden|liegt|landet|ist)|wird (?:das|es|die)|werden (?:die|meine)"
    r"|muss (?:das|ich|man)|ist (?:das|es) (?:denn |überhaupt )*(?:pflicht|notwendig|nötig|erlaubt"
    r"|legal|freiwillig|datenschutz\w*|sicher)|dürfen sie das(?= |$)(?! (?:gern|ruhig|natürlich))"
    r"|kann ich <5>(?:widerrufen|löschen|ablehnen)|und wenn (?:nicht|ich)|verstehe ich nicht"
    r"|(?:nicht|nix) verstanden|können sie (?:das )?(?:bitte )?(?:wiederholen|nochmal"
    r"|erklären|mir)",
    r"what (?:for|is|does|do|happens|exactly|if)|whats|why|how long"
    r"|who (?:will|can|hears|has|gets|is|are)"
    r"|where (?:is|will|does|do)|pardon|(?<!no )sorry(?= [.?]| $)|excuse me|come again"
    r"|say that again|is (?:that|it)"
    r" (?:mandatory|necessary|legal|required)|do i|must i|can i <5>(?:withdraw|delete|refuse)"
    r"|what(?= \?| \.| $)|can you (?:repeat|explain)|i didnt (?:catch|understand|hear|get)",
)
PAUSE = pattern(
    r"moment|augenblick|sekunde|sekündchen|moment mal|einen moment|warten sie|lassen sie mich"
    r"|one moment|hang on|hold on|just a (?:moment|second|sec|minute)|let me (?:think|see)"
    r"|wait|gute frage|good question",
)
NOISE = frozenset(
    [
        "hm",
        "mhm",
        "aha",
        "ah",
        "oh",
        "ach",
        "so",
        "achso",
        "na",
        "nun",
        "tja",
        "also",
        "well",
        "um",
        "er",
        "right",
        "verstehe",
        "ja.",
        "und",
        "and",
        ".",
        "?",
        "okay",
        "ok",
        "guten",
        "tag",
        "hallo",
        "hello",
        "hi",
        "morgen",
        "moin",
    ]
)
AGREED = pattern(
    r"einverstanden|in ordnung|von mir aus|meinetwegen|nur zu|immer zu|bitte(?:schön)? gern(?:e)?",
    r"(?:geht|ginge) (?:das |es |schon |für mich |von mir aus )*(?:klar|in ordnung|okay|ok)",
    r"(?:das |es |ja )?(?:ist|wäre|wär|is) (?:schon |völlig |absolut |für mich |mir "
    r"|alles |auch |das "
    r"|ja |ganz |so |total )*(?:okay|ok|gut|recht|fein|super)",
    r"das geht(?= [.?]| $)|geht schon|passt(?: schon| so| für mich)?(?= |$)|na gut"
    r"|also gut|ist gut",
    r"(?:das |die |es |gern |gerne |ja |natürlich )*(?:dürfen|können) sie (?:das "
    r"|es )*(?:gern|gerne"
    r"|ruhig|machen|tun|natürlich|selbstverständlich|aufzeichnen|aufnehmen|speichern|behalten)",
    r"sie (?:dürfen|können) <6>(?:aufzeichnen|aufnehmen|speichern|behalten|aufbewahren|machen)",
    r"(?:machen|tun) sie (?:das |es |mal |nur |ruhig |gern |gerne )*(?:ruhig|das|mal|nur"
    r"|gern|gerne)",
    r"zeichnen sie <4>auf|nehmen sie <3>auf|speichern sie <2>(?:ruhig|gern|gerne)",
    r"(?:ich )?(?:stimme|stimm) (?:ich )?<5>zu|(?:ich )?willige <3>ein"
    r"|(?:ich )?erlaube (?:es|das|ich)",
    r"(?:meine|haben sie meine) (?:zustimmung|einwilligung|erlaubnis) haben sie|haben sie meine"
    r" (?:zustimmung|einwilligung|erlaubnis)",
    r"(?:das )?dürfen sie(?= \.| $)|(?<=^ )(?:yes |sure |of course |certainly )*you (?:may|can)"
    r"(?= \.| $)|please do(?= \.| $)|go right ahead|go for it|sure thing|that works",
    r"go ahead|feel free|by all means|be my guest|works for me|fine (?:by|with) me|all good",
    r"(?:thats|that is|its|it is|that would be|thatd be|thisis|this is) (?:absolutely |perfectly "
    r"|totally |quite |just |completely |all )*(?:fine|okay|ok|right|alright|good|cool|great)",
    r"(?:im|i am|were|we are) (?:absolutely |perfectly |totally |quite "
    r"|completely )*(?:fine|okay|ok"
    r"|happy|good|cool|comfortable|all right|alright) (?:with|for|if)",
    r"i (?:do |fully |hereby )*(?:agree|consent|accept|allow)|you (?:may"
    r"|can)(?! not)(?: (?:do|record"
    r"|keep|store|save|go|use|certainly|of course))|you have my (?:consent|permission|okay|ok)",
    r"i (?:give|grant) (?:you )?(?:my )?(?:consent|permission)|of course you (?:can|may)",
)
NEGATION = pattern(
    r"nicht|nich|net|kein(?:e|en|er)?|nie|kaum|wenig|not|never|hardly"
    r"|(?:do|does|did|ca|wo|would|is|are|was|could|should|have|ai|must)nt"
)
NEGATED_AT_END = re.compile(r"^(?: \w+){0,5}? (?:nicht|not)(?= [.?]| $)")
_LEAD = (
    r"(?:(?:also|na|nun|oh|ah|so|achso|hm|mhm|um|well|er|and|und|gut|schön|guten|tag|morgen|hallo"
    r"|hello|hi|dann|then|aha|verstehe|klar|danke|okay|ok|\.) )*"
)
YES = pattern(
    rf"(?<=^ ){_LEAD}(?<!na )(?:ja|jo|jawohl|jup|jep|jap|yes|yeah|yep|yup|aye)",
    r"(?<=\. )(?:ja|jawohl|yes|yeah)",
    r"ja (?:gern|gerne|klar|natürlich|sicher|bitte|selbstverständlich|doch gern|freilich)",
)
WEAK = pattern(
    r"(?<=^ )(?:(?:also|oh|ah|so|hm|mhm|um|well|aha|dann|na|ja|yes|and|und|\.) )*(?:okay|ok)"
)
GLADLY = pattern(
    rf"(?<=^ ){_LEAD}(?:klar|natürlich|selbstverständlich|gern|gerne|sicher|sicherlich"
    rf"|freilich|logo"
    r"|sure|fine|all right|alright|certainly|absolutely|definitely|of course|surely"
    r"|gladly|unbedingt|aber gern|aber gerne"
    r"|aber klar|aber natürlich|aber sicher|aber selbstverständlich|sehr gern|sehr gerne"
    r"|jederzeit)",
)
NO = pattern(r"nein|nee|nö|nöö|nope|nah", rf"(?<=^ ){_LEAD}(?:ne|no|never|niemals|keineswegs)")
NOT_AT_ALL = pattern(
    rf"(?<=^ ){_LEAD}(?:überhaupt nicht|gar nicht|not at all|not really|eigentlich nicht|nicht)",
    r"(?<=[.] )no",
    r"(?:yes|yeah|okay|ok|well) no",
)
