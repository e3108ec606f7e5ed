# small models in the forms of the installed XGBoost
import xgboost as xgb, numpy as np, pickle, sys, os, json
out=sys.argv[1]; os.makedirs(out,exist_ok=True); v=xgb.__version__
rng=np.random.RandomState(3); n=300
X=np.round(rng.randn(n,4),2).astype(np.float32); X[rng.rand(n)<.15,0]=np.nan
s=np.nan_to_num(X[:,0])+X[:,1]*2-X[:,2]; T=X[:30]
np.savetxt(f"{out}/rows.csv",T,delimiter=",",fmt="%.9g")
cases={"squared":({"objective":"reg:squarederror"},s),"logistic":({"objective":"binary:logistic"},s>0),"softprob":({"objective":"multi:softprob","num_class":3},np.digitize(s,[-1,1])),
"dart":({"booster":"dart","objective":"reg:squarederror","rate_drop":.5},s),"linear":({"booster":"gblinear","objective":"binary:logistic"},s>0),"poisson":({"objective":"count:poisson"},np.abs(np.round(s))),
"forest":({"objective":"reg:squarederror","num_parallel_tree":3,"subsample":.7},s),"aft":({"objective":"survival:aft"},np.abs(s)+.1),"rank":({"objective":"rank:ndcg"},np.clip(np.round(s),0,4)),"gamma":({"objective":"reg:gamma"},np.abs(s)+.1),"hinge":({"objective":"binary:hinge"},s>0)}
def save(name,b,d):
    np.savetxt(f"{out}/{name}.predict",b.predict(d).reshape(d.num_row(),-1),fmt="%.9g",delimiter=",")
    np.savetxt(f"{out}/{name}.raw",b.predict(d,output_margin=True).reshape(d.num_row(),-1),fmt="%.9g",delimiter=",")
    for e in ["json","ubj"]+(["deprecated"] if v<"2" else []):
        open(f"{out}/{name}.{e}","wb").write(b.save_raw(raw_format=e))
for name,(p,y) in cases.items():
    d=xgb.DMatrix(X,label=np.asarray(y,np.float32))
    if name=="aft": d.set_float_info('label_lower_bound',y); d.set_float_info('label_upper_bound',y)
    if name=="rank": d.set_group([100]*3)
    b=xgb.train({"max_depth":3,"nthread":1,**p},d,3)
    save(name,b,xgb.DMatrix(T))
    if name=="softprob":
        for proto in (2,3,4,5): open(f"{out}/softprob.pickle{proto}","wb").write(pickle.dumps(b,proto))
        open(f"{out}/softprob.serialised","wb").write(bytes(b.serialize() if hasattr(b,"serialize") else b.__getstate__()["handle"]))
d=xgb.DMatrix(X,label=s,feature_names=list("abcd"))
b=xgb.train({"max_depth":3,"nthread":1},d,3,verbose_eval=False,evals=[(d,"t")],early_stopping_rounds=2); save("named",b,xgb.DMatrix(T,feature_names=list("abcd")))
open(f"{out}/named.pickle4","wb").write(pickle.dumps(b,4))
try:
    m=xgb.XGBClassifier(n_estimators=3,max_depth=3,n_jobs=1).fit(X,s>0)
    open(f"{out}/sklearn.pickle4","wb").write(pickle.dumps(m,4)); save("sklearn",m.get_booster(),xgb.DMatrix(T))
except Exception as e: print("no sklearn",e)
if v>="3":
    import pandas as pd
    df=pd.DataFrame({"a":rng.randn(n).astype(np.float32),"c":pd.Categorical(rng.choice(["red","green","blue"],n)),"k":pd.Categorical(rng.choice([10,20,35],n))})
    y=df.a+(df.c=="red")*2-(df.k==20)
    b=xgb.train({"max_depth":3,"nthread":1},xgb.DMatrix(df,label=y,enable_categorical=True),5)
    save("cats",b,xgb.DMatrix(df.head(40),enable_categorical=True)); df.head(40).to_csv(f"{out}/cats.csv",index=False,float_format="%.9g")
    q=xgb.train({"max_depth":3,"nthread":1,"objective":"reg:quantileerror","quantile_alpha":[.2,.8]},xgb.DMatrix(X,label=s),3); save("quantiles",q,xgb.DMatrix(T))
    mt=xgb.train({"max_depth":3,"nthread":1},xgb.DMatrix(X,label=np.c_[s,-s]),3); save("targets",mt,xgb.DMatrix(T))
