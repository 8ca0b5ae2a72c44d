"""Two answers to one question, written for these tests: one as people talk, one as models write."""

TALK = """
So, um, at my last job we had this, this big migration, you know, from one database to another one. And I
mean, I wasn't really the lead or anything, but I kind of ended up doing most of it. First thing I did was,
uh, I wrote a script. It just copied everything over at night. That broke. Twice, actually. So we sat down, me
and Priya, and we figured out that the old tables had, like, dates that weren't dates. Some of them said "ask
Bob". Who's Bob? Nobody knew. Anyway, we fixed those by hand, it took us about three days, and then I ran it
again and it worked. I'd do it differently now. I'd look at the data first, because I don't think we'd have
lost that week if I had. But, um, yeah, it's been fine since.
"""
ESSAY = """
Effective database migration requires a comprehensive understanding of both the source and the target
architecture. Furthermore, meticulous planning is crucial to ensure that data integrity is preserved
throughout the entire process. A robust validation strategy should encompass automated consistency checks,
detailed logging, and comprehensive rollback procedures. Additionally, stakeholders must collaborate in
order to mitigate the potential operational risks and disruptions. By using incremental synchronization
techniques, organizations can minimize downtime while maintaining continuous service availability. Moreover,
a culture of transparency enables teams to identify intricate dependencies before they become critical
issues. Ultimately, a holistic approach to migration underscores the importance of preparation,
communication, and continuous improvement across all phases of the project.
"""
# Edited prose by a person, long before language models: Charles Darwin, On the Origin of Species (1859).
DARWIN = """
When we look to the individuals of the same variety or sub-variety of our older cultivated plants and animals,
one of the first points which strikes us, is, that they generally differ much more from each other, than do
the individuals of any one species or variety in a state of nature. When we reflect on the vast diversity of
the plants and animals which have been cultivated, and which have varied during all ages under the most
different climates and treatment, I think we are driven to conclude that this greater variability is simply
due to our domestic productions having been raised under conditions of life not so uniform as, and somewhat
different from, those to which the parent-species have been exposed under nature. There is, also, I think,
some probability in the view propounded by Andrew Knight, that this variability may be partly connected with
excess of food. It seems pretty clear that organic beings must be exposed during several generations to the
new conditions of life to cause any appreciable amount of variation.
"""
HINDI = """
मेरा नाम प्रिया है। मैं दिल्ली में रहती हूँ। मैं पिछले पाँच साल से सॉफ्टवेयर बना रही हूँ। मुझे यह काम बहुत पसंद है।
पहले मैं एक छोटी कंपनी में थी।
"""
